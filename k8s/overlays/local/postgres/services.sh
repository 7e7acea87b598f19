# Run once, when the database is empty, by the image's start script: for each service a role that owns one schema and can
# reach no other, as `taskmesh up` makes them.
for schema in task recurrence notification audit; do
  psql --set ON_ERROR_STOP=1 --set schema="$schema" --set role="${schema}_service" --set password="$SERVICES_PASSWORD" \
    --set database="$POSTGRES_DB" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --no-psqlrc <<'SQL'
REVOKE CONNECT ON DATABASE :"database" FROM PUBLIC;
CREATE ROLE :"role" LOGIN PASSWORD :'password';
GRANT CONNECT ON DATABASE :"database" TO :"role";
CREATE SCHEMA :"schema" AUTHORIZATION :"role";
SQL
done
