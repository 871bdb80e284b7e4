// Package store keeps payments in MySQL, in engines that speak its protocol, and in SQLite. It is
// the one owner of GORM.
//
// It knows rows, columns, transactions, and which errors of which engine mean what. It must not
// know what a payment's states mean, when anything is due, or who may do what: that is core's.
// core/storetest says what a store owes; this one passes it on every engine.
//
// Where to look:
//
//	open.go, mysql.go, sqlite.go   pools, sessions, and what is asserted before a database is
//	                               trusted
//	rows_*.go                      one struct per table, with its mapping from and to core's rows
//	table.go                       the explicit column lists that INSERT and UPDATE are built from
//	do.go, join.go, round.go       a unit alone, many units in one commit, and the transaction
//	                               itself
//	held.go, aside.go              rows that another session holds, and who waits for them
//	errors.go, ailment.go          what an error means for a unit, and for the database itself
//	load.go, list.go               what units and readers see
//	migrations/                    the schema, by engine
//	seal.go, purge.go, nodes.go    audit chain, the end of personal data, who else runs here
//	installation.go                what tells this database from others, and is kept once
//	webhooks.go                    what waits for each endpoint
//	backup.go                      copies of SQLite, and what is refused as one
//	accounts.go                    what the account ids that attempts name mean, for good
//
// Correctness rests on version guards and unique keys alone, which hold on engines whose locks are
// local to a node (Galera) or absent (TiDB). Row locks are taken where they save repeated work.
// There is no foreign key, trigger, ENUM, AUTO_INCREMENT, SKIP LOCKED, GET_LOCK or savepoint.
package store
