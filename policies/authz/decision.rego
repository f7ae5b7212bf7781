# METADATA
# title: The one decision of an exchange
# description: >-
#   What the fold says, and by which bundle. The proxies ask for these documents and for nothing else. Nothing
#   besides these rules may live here, because customers' policies in the simple form have packages below this one.
# entrypoint: true
package behavry.authz

# Revision of the bundle that is really loaded; empty where the modules were read from disk, and in an OPA that
# leaves rules out: without a revision no proxy becomes ready and no decision counts.
default revision := ""

revision := data.system.bundles.behavry.manifest.revision if data.behavry.fold.evaluates_all

# Counts up by one per revision.
default generation := 0

generation := data.system.bundles.behavry.manifest.metadata.generation

decision := object.union(data.behavry.fold.decision, {"revision": revision, "generation": generation})
