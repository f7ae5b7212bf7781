# METADATA
# title: The one decision of an exchange
# description: >-
#   Folds what every named policy contributes into one answer. The proxies ask for this document and for
#   nothing else. Nothing besides these two rules may live here, because customers' policies in the simple
#   form have packages below this one.
# entrypoint: true
package behavry.authz

# Revision of the bundle that is really loaded; empty where the modules were read from disk.
default revision := ""

revision := data.system.bundles.behavry.manifest.revision

decision := {
	"result": data.behavry.fold.result,
	"reason": data.behavry.fold.chosen.reason,
	"policy": data.behavry.fold.chosen.policy,
	"obligations": data.behavry.fold.obligations,
	"revision": revision,
}
