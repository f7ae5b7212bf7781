import { APPS, type AppName } from '@behavry/contracts';

/** @returns the port of an app, its ops port is the next. @param base the plane's first port @param replica from 1 on */
export function appPort(base: number, name: AppName, replica: number): number {
  const index = APPS.findIndex((app) => app.name === name);
  return base + 10 + 2 * (index + APPS.length * (replica - 1));
}
