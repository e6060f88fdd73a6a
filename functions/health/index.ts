import { createLog } from "../_shared/log.ts";
import { createHealthFunction } from "./handler.ts";

export default createHealthFunction(createLog("health"));
