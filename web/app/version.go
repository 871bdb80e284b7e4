package app

import (
	"runtime"
	"runtime/debug"
)

// Version names the build as the toolchain recorded it: module version or commit, and the Go
// release.
func Version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown " + runtime.Version()
	}
	name := build.Main.Version
	settings := map[string]string{}
	for _, s := range build.Settings {
		settings[s.Key] = s.Value
	}
	if commit := settings["vcs.revision"]; len(commit) >= 12 && (name == "" || name == "(devel)") {
		name = commit[:12]
		if settings["vcs.modified"] == "true" {
			name += "+changes"
		}
	}
	return name + " " + runtime.Version()
}
