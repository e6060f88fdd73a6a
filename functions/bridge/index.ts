import { createLog } from "../_shared/http/log.ts";
import { createBridgeFunction } from "./handler.ts";

export default createBridgeFunction(createLog("bridge"));
