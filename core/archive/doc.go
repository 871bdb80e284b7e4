// Package archive lets orders that have been final for long leave the database: they are written
// into files under a manifest of hashes, the files are read back and proven, and only then the rows
// are deleted.
//
//	final.go     which orders may leave, and why another stays
//	store.go     what a store owes an archive: whole orders, deleted only as they were written
//	seal.go      the audit chain's links, in the database and in files alike
//	manifest.go  what an archive says of its files
//	tally.go     what lines add up to, for whoever writes them and whoever reads them back
//	write.go     an archive is a folder that appears whole, on disk and verified, or not at all
//	verify.go    what archives prove: each by itself, and all of a folder as one chain
//	against.go   a folder's archives held against the database that they were taken from
//	pass.go      one pass: finish what was begun, write, verify, delete; killed anywhere, the next
//	             one goes on
//	leave.go     what a verified archive holds is deleted, batch by batch
//
// It knows no SQL and starts nothing by itself. What has an end of its own is never archived:
// messages of gateways, kept answers and buyers' sealed ids are deleted on their own day, which is
// always before; an order whose messages are still there stays until then.
package archive
