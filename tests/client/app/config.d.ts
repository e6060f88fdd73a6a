// The tests write the module.
export const API_URL: string;
export const PUBLISHABLE_KEY: string;
