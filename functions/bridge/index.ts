import { createLog } from "../_shared/log.ts";
import { createBridgeFunction } from "./handler.ts";

export default createBridgeFunction(createLog("bridge"));
