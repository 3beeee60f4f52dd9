-- +goose Up
CREATE TABLE items (id bigint PRIMARY KEY, version bigint NOT NULL);
INSERT INTO items (id, version) SELECT i, 1 FROM generate_series(1, 100) AS i;
