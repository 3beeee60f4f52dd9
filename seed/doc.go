// What a seed is, and its format.

// Package seed reads and writes the seed of a site: everything its build
// made, in one read-only file.
//
// A build writes a seed with [Create]; it appears whole, or not at all. A
// server opens it with [Open], which maps the file and reads its index only,
// so that a seed of a hundred thousand pages is open in milliseconds and takes
// no memory of the process. What is read later is checked then, record by
// record: a damaged page is [pages.ErrCorrupt], and the others are served.
//
// # Lifetime
//
// The byte slices that a [Seed] gives out are parts of the mapped file. They
// are read-only by hardware, and valid until [Seed.Close]; a server never
// closes its seed. A seed is replaced by renaming another over it, as
// [Writer.Commit] does; a file that is written into while it is mapped gives
// errors at best.
//
// # Format
//
// Numbers are big-endian, digests are SHA-256. The file is
//
//	header   magic "\x89gorgon\n", version (4 bytes)
//	records  one after another, in the order written, nothing between them
//	index    the slots of pages, of files, and of values; the manifest as JSON
//	footer   see below
//
// A slot has 36 bytes. Those of one kind are sorted by their hash:
//
//	 0  hash: the first 8 bytes of the digest of the key
//	 8  offset of the record from the header
//	16  length of the record (4 bytes)
//	20  the first 16 bytes of the record's digest
//
// The key of a page is a [pages.Key] with its Digest; that of a file is the
// path it is served at, that of a value its name. A record repeats its key.
// A page's is an encoded [pages.Entry]. A file's is five lengths as uvarints,
// then its description as JSON, the data, and the data as gzip, Brotli and
// zstd. A value's is the length of its name as a uvarint, the name, and JSON.
//
// The footer has 76 bytes:
//
//	 0  offset of the index from the header
//	 8  how many pages, files and values (4 bytes each)
//	20  length of the manifest (4 bytes)
//	24  length of everything, from the header to the end of the footer
//	32  digest of the header, the index and the 32 bytes above
//	64  version (4 bytes)
//	68  magic "\ngorgon\x89"
//
// It is found from the end and all offsets count from the header, so that a
// seed may lie at the end of another file, such as an executable.
package seed
