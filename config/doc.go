// Package config turns one YAML file and the environment into one validated
// struct, and keeps that struct current while the program runs.
//
// Flow: [Load] reads the file, scans its keys, lays PAYMUX_… variables over
// it, decodes strictly, fills defaults, and checks the result. Everything
// that is wrong comes back at once as [Problems]: where, what, and how to mend
// it. [Watcher] does the same again whenever the file or a key file it names
// changes; a bad file is refused whole and the last good one stays in force.
//
// Secrets are not in the file. They are files of their own (mode 0600), or
// texts sealed under the [MasterKey]; what must be held in memory is a
// [Secret], which prints as ***.
//
// What an account says at its gateway stands in a section of its own, which the
// gateway's adapter describes and checks: a [Dialect]. [Migrate] brings a file to
// that spelling.
//
// The package knows names, shapes and cross-references of settings, and is the
// only user of viper. It must not know a gateway, nor what a key is for: PEM and certificates
// are parsed by the adapter that uses them, platform names by the rule book.
// It imports no other package of this module.
package config
