// Package dataflow notes what goes between an app's data and its pages, in the
// contexts that the app's functions pass on anyway.
//
// A loader's context carries [Reads]: every query that runs with it notes the
// tables and rows that it reads, so that the page is out of date when one of
// them changes. A request's context carries [Commits]: every transaction that
// commits with it is waited for before the response is sent, so that the
// visitor's next request sees it.
//
// Databases note, machines read; neither knows the other.
package dataflow
