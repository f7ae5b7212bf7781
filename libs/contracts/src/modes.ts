/** The three deployment modes (contract, "Three Deployment Modes"). A mode is a list of apps. */
export const MODES = ['standalone', 'control-plane', 'data-plane'] as const;
export type Mode = (typeof MODES)[number];

/** The planes whose rooms an app may enter; `all` marks an app that runs in every mode. */
export type Plane = 'control' | 'data' | 'all';
