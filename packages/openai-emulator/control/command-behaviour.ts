import { type BehaviourStore, createBehaviourStore } from "@parley/emulator-kit/behaviour-store.ts";
import { type RunningScenario, runScenario } from "../scenarios/run-scenario.ts";
import type { Behaviour } from "./behaviour.ts";

/** The behaviour for requests and responses that start from now on, and its scenario. */
export interface CommandedBehaviour extends BehaviourStore<Behaviour> {
  /** Returns the scenario of the current behaviour. */
  scenario(): RunningScenario;
}

/** Begins with the default behaviour. */
export function createCommandedBehaviour(): CommandedBehaviour {
  const store = createBehaviourStore<Behaviour>({});
  let running = runScenario({});
  return {
    ...store,
    set(behaviour) {
      store.set(behaviour);
      running = runScenario(behaviour);
    },
    scenario: () => running,
  };
}
