// What a seed is, and its format.

// Package seed reads and writes the seed of a site: everything that its build
// generated, in one read-only file.
//
// A build writes a seed with [Create]; the seed appears whole, or not at all. A
// server opens it with [Open], which maps the file and reads only its index, so
// that a seed of a hundred thousand pages opens in milliseconds and takes no
// memory of the process. Each record is verified when it is read: a damaged
// page gives [pages.ErrCorrupt], and the others are served.
//
// # Lifetime
//
// The byte slices that a [Seed] returns are parts of the mapped file. The
// hardware keeps them read-only, and they are valid until [Seed.Close]; a
// server never closes its seed. To replace a seed, rename another file over it,
// as [Writer.Commit] does; writing into a mapped file gives errors at best.
//
// # Format
//
// Numbers are big-endian, digests are SHA-256. The file is
//
//	header   magic "\x89gorgon\n", version (4 bytes)
//	records  contiguous, in the order written
//	index    the slots of pages, of files, and of values; the manifest as JSON
//	footer   see below
//
// A slot has 36 bytes. The slots of one kind are sorted by hash:
//
//	 0  hash: the first 8 bytes of the digest of the key
//	 8  offset of the record from the header
//	16  length of the record (4 bytes)
//	20  the first 16 bytes of the record's digest
//
// The key of a page is a [pages.Key] with its Digest; the key of a file is the
// path it is served at, and that of a value its name. A record repeats its key.
// The record of a page is an encoded [pages.Entry], as [Pack] makes it: a page with
// a Brotli variant has its HTML in that form alone, and its state as zstd; the
// lengths of both are beside its metadata. The record of a file is
// five lengths as uvarints, then its description as JSON, the data, and the
// data as gzip, Brotli and zstd. The record of a value is the length of its
// name as a uvarint, the name, and JSON.
//
// The footer has 76 bytes:
//
//	 0  offset of the index from the header
//	 8  number of pages, files and values (4 bytes each)
//	20  length of the manifest (4 bytes)
//	24  length of everything, from the header to the end of the footer
//	32  digest of the header, the index and the 32 bytes above
//	64  version (4 bytes)
//	68  magic "\ngorgon\x89"
//
// Readers find the footer from the end, and all offsets count from the header,
// so that a seed may be appended to another file, such as an executable.
package seed
