DROP TABLE checkpoint_leaves, checkpoints, chain_heads, records;
DROP FUNCTION add_month;
DROP FUNCTION refuse_change;
