# METADATA
# description: >-
#   Erases what a decision was about and what came of it from OPA's own decision log: payloads are written to
#   the audit spool and nowhere else. Loaded from disk, because a bundle owns the root behavry only.
package system.log

mask contains "/input"

mask contains "/result"

mask contains "/nd_builtin_cache"
