import { activeList, type State, withList } from "../model/state.ts";

/** Longest filter, in characters. */
const filterLength = 60;

export function setFilter(state: State, filter: string): State {
  return withList(state, { ...activeList(state), filter });
}

/** A character typed into the filter. */
export function typedFilter(state: State, text: string): State {
  const { filter } = activeList(state);
  return filter.length + text.length > filterLength ? state : setFilter(state, filter + text);
}
