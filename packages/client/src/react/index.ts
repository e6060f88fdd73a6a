// The React hooks of Parley.
export {};
