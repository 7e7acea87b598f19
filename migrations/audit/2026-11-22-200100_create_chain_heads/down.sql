DROP TABLE chain_heads;
