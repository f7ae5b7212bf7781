/** Ops route of license-service from which a keeper of OPA that has no folder in common with it takes OPA's files. */
export const OPA_FILES_PATH = '/internal/opa-files';

/** Name of the one service in OPA's configuration. */
export const OPA_SERVICE = 'behavry-control';

/** What OPA needs to fetch the policies of its plane. */
export interface OpaFiles {
  /** OPA's configuration, YAML; where its files lie is its keeper's to say. */
  readonly config: string;
  /** What OPA shows to the service that has the bundle. */
  readonly token: string;
}
