-- +goose Up
CREATE TABLE numbers (id bigint PRIMARY KEY, number bigint NOT NULL);
INSERT INTO numbers (id, number) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8) SELECT i, 1 FROM n;
