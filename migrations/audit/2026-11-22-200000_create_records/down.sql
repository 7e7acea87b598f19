DROP TABLE records;
DROP FUNCTION add_month(date);
DROP FUNCTION refuse_change();
