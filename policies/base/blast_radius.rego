# METADATA
# title: Blast radius
# description: >-
#   The same bounds that the proxies check in process, a second time where no proxy can skip them. Thresholds
#   are data of the bundle, set by the tenant. A shallow delete is denied and nothing can allow it; the other
#   bounds ask for a person.
package behavry.base.blast_radius

settings := data.behavry.settings.blast_radius

policy := "behavry.base.blast_radius"

deny contains {"policy": policy, "reason": "the call deletes a path too close to the root"} if {
	input.request.action_class == "delete"
	some path in paths
	depth(components(path)) < settings.min_delete_depth
}

escalate contains {"policy": policy, "reason": "the call changes a configuration path"} if {
	input.request.action_class in {"write", "delete"}
	some path in paths
	some folder in settings.config_paths
	is_under(components(path), components(folder))
}

escalate contains {"policy": policy, "reason": "the call changes a protected file"} if {
	input.request.action_class in {"write", "delete"}
	some path in paths
	parts := components(path)
	last := lower(parts[count(parts) - 1])
	some name in settings.protected_files
	is_protected(last, lower(name))
}

escalate contains {"policy": policy, "reason": sprintf("the call addresses %d recipients", [recipients])} if {
	recipients > settings.email_recipient_limit
}

escalate contains {"policy": policy, "reason": sprintf("the call concerns %d items", [input.request.resource_count])} if {
	input.request.resource_count > settings.bulk_action_threshold
}

# A name that says its value is a path: the word alone, after `_`, or as the last hump of a camel-case name.
path_key := concat("", [
	`(^|_)(?i:paths?|file(s|name|path)?|dir|directory|folder|source|destination|target|uri)$`,
	`|[a-z](P(?i:aths?)|F(?i:ile(s|name|path)?|older)|D(?i:ir|irectory|estination)|S(?i:ource)|T(?i:arget)|U(?i:ri))$`,
])

paths contains input.request.resource if regex.match(`^\s*(?i:file:|[/~\\.$]|[a-z]:[/\\])`, input.request.resource)

paths contains text if {
	some key, value in input.request.parameters
	regex.match(path_key, key)
	some text in texts(value)
	not is_web_address(text)
}

is_web_address(text) if {
	regex.match(`^\s*(?i:[a-z][a-z0-9+.-]+)://`, text)
	not regex.match(`^\s*(?i:file):`, text)
}

texts(value) := [value] if is_string(value)

texts(value) := [text | some text in value; is_string(text)] if is_array(value)

# Components of a path: forward slashes, file URLs decoded, dot segments resolved, `~` kept as the first.
components(path) := resolved(split(replace(plain(path), `\`, "/"), "/"))

plain(path) := urlquery.decode(replace(without_scheme(path), "+", "%2B")) if {
	is_file_url(path)
} else := without_scheme(path)

without_scheme(path) := regex.replace(trim_space(replace(path, "\u0000", "")), `^(?i:file)://[^/]*`, "")

is_file_url(path) if startswith(lower(trim_space(path)), "file://")

# Rego has no loop with a memory, so `..` is undone by counting: a component stays when no later run of `..`
# reaches back to it. A path with `..` and more components than any real one resolves to nothing.
resolved(parts) := [part | some part in parts; not part in {"", "."}] if {
	not ".." in parts
} else := [part |
	kept := [part | some part in parts; not part in {"", "."}]
	count(kept) <= 64
	some i, part in kept
	part != ".."
	not is_undone(kept, i)
]

is_undone(parts, i) if {
	some j in numbers.range(i + 1, count(parts) - 1)
	balance(array.slice(parts, i + 1, j + 1)) == 1
}

balance(parts) := count([1 | ".." == parts[_]]) - count([1 | parts[_] != ".."])

# A trailing wildcard means everything in the folder, so it adds no depth.
depth(parts) := count([part | some part in parts; not regex.match(`^\*+$`, part)])

is_under(path, folder) if {
	folder[0] != "~"
	array.slice(path, 0, count(folder)) == folder
}

is_under(path, folder) if {
	folder[0] == "~"
	tail := array.slice(path, home_depth(path), count(path))
	rest := array.slice(folder, 1, count(folder))
	count(rest) > 0
	array.slice(tail, 0, count(rest)) == rest
}

home_depth(path) := 1 if {
	path[0] in {"~", "$HOME", "${HOME}", "root"}
} else := 2 if {
	path[0] in {"home", "Users"}
	count(path) > 1
}

is_protected(last, name) if last == name

is_protected(last, name) if regex.replace(last, `^(.+)\.[^.]*$`, `${1}`) == name

is_protected(last, name) if {
	startswith(name, ".")
	startswith(last, concat("", [name, "."]))
}

recipients := sum([size |
	some key, value in input.request.parameters
	lower(key) in {"to", "cc", "bcc", "recipients", "emails", "email"}
	size := addresses(value)
])

addresses(value) := count(value) if is_array(value)

addresses(value) := count([part |
	some part in regex.split(`[,;]`, value)
	trim_space(part) != ""
]) if is_string(value)
