import { createLog } from "../_shared/http/log.ts";
import { createHealthFunction } from "./handler.ts";

export default createHealthFunction(createLog("health"));
