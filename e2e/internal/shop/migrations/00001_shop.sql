-- +goose Up
CREATE TABLE products (id bigint PRIMARY KEY, version bigint NOT NULL, views bigint NOT NULL DEFAULT 0);
CREATE TABLE prices (id bigint PRIMARY KEY, version bigint NOT NULL);
CREATE TABLE busy (id bigint PRIMARY KEY, version bigint NOT NULL);
CREATE TABLE boxes (id bigint PRIMARY KEY, version bigint NOT NULL);
CREATE TABLE unlisted (id bigint PRIMARY KEY, version bigint NOT NULL);
INSERT INTO products (id, version) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) SELECT i, 1 FROM n;
INSERT INTO prices (id, version) SELECT id, version FROM products;
INSERT INTO boxes (id, version) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, 1 FROM n;
INSERT INTO busy (id, version) VALUES (1, 1);
INSERT INTO unlisted (id, version) VALUES (1, 1);
