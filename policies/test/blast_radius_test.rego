package behavry.base.blast_radius_test

defaults := {
	"min_delete_depth": 3,
	"email_recipient_limit": 10,
	"bulk_action_threshold": 50,
	"config_paths": ["/etc", "/root", "~/.ssh", "~/.aws", "~/.config"],
	"protected_files": ["MEMORY", "SOUL", "IDENTITY", ".env"],
}

request(changes) := object.union(
	{"action_class": "write", "resource": "", "parameters": {}, "resource_count": 1},
	changes,
)

denied(changes) if {
	count(data.behavry.base.blast_radius.deny) > 0 with input.request as request(changes)
		with data.behavry.settings.blast_radius as defaults
}

escalated(changes) if {
	count(data.behavry.base.blast_radius.escalate) > 0 with input.request as request(changes)
		with data.behavry.settings.blast_radius as defaults
}

shallow := {
	"/", "/srv", "/srv/data", "/srv/data/", "/srv/data/*", "/a/b/c/..", "/a/b/../../c", "~", "~/docs", `C:\data`,
	"file:///srv/data", "/a/./b", "/../..", "FILE:///srv/%2e%2e/data",
	concat("/", array.concat([""], [".." | some _ in numbers.range(1, 100)])),
}

deep := {"/srv/data/x", "/a/b/c/../d", "~/docs/x", `C:\data\x\y`, "file:///srv/data/x", "/../../a/b/c"}

test_shallow_delete_is_denied if {
	every path in shallow {
		denied({"action_class": "delete", "parameters": {"path": path}})
	}
}

test_deep_delete_is_not if {
	every path in deep {
		not denied({"action_class": "delete", "parameters": {"path": path}})
	}
}

test_shallow_resource_counts if {
	denied({"action_class": "delete", "resource": "/srv"})
	not denied({"action_class": "delete", "resource": "customers"})
}

test_only_deletes_are_denied if {
	not denied({"parameters": {"path": "/srv"}})
}

test_path_arguments_by_name if {
	every key in {"path", "file", "targetPath", "old_file", "sourceFolder", "PATH", "paths", "uri"} {
		denied({"action_class": "delete", "parameters": {key: "/x"}})
	}
	not denied({"action_class": "delete", "parameters": {"profile_name": "/x"}})
}

test_lists_of_paths if {
	denied({"action_class": "delete", "parameters": {"paths": ["/a/b/c", "/a"]}})
}

test_web_addresses_are_no_paths if {
	not denied({"action_class": "delete", "parameters": {"uri": "https://example.com/a"}})
}

test_configuration_paths if {
	every path in {
		"/etc/passwd", "/root/x", "~/.ssh/id_rsa", "/home/me/.ssh/authorized_keys", "$HOME/.aws/credentials",
		"/var/../etc/passwd", "/Users/me/.config/x", "/root/.ssh/id",
	} {
		escalated({"parameters": {"path": path}})
	}
	not escalated({"parameters": {"path": "/srv/etc/x"}})
	not escalated({"action_class": "read", "parameters": {"path": "/etc/passwd"}})
}

test_protected_files if {
	every path in {"/srv/a/MEMORY.md", "/srv/soul", "/srv/a/.env", "/srv/a/.env.production", "/srv/Identity.txt"} {
		escalated({"parameters": {"path": path}})
	}
	not escalated({"parameters": {"path": "/srv/a/environment"}})
	not escalated({"parameters": {"path": "/srv/a/memory_of_x"}})
}

test_recipients if {
	many := [sprintf("p%d@example.com", [i]) | some i in numbers.range(1, 11)]
	escalated({"parameters": {"to": many}})
	escalated({"parameters": {"to": concat(", ", many)}})
	escalated({"parameters": {"To": array.slice(many, 0, 6), "cc": array.slice(many, 6, 11)}})
	not escalated({"parameters": {"to": array.slice(many, 0, 10)}})
}

test_bulk if {
	escalated({"resource_count": 51, "action_class": "read"})
	not escalated({"resource_count": 50, "action_class": "read"})
}

test_arguments_that_are_no_object_are_survived if {
	not denied({"action_class": "delete", "parameters": ["x"]})
	not escalated({"parameters": "x"})
}
