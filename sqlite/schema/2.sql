-- Epochs of records, claims of leases, and whose the store is.

ALTER TABLE records ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN claim BLOB NOT NULL DEFAULT x''; -- that it was granted to
ALTER TABLE state ADD COLUMN owner BLOB NOT NULL DEFAULT x'';
