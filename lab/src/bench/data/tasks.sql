-- $1: user; $2, $3: titles and descriptions; $4: number of tasks of the user; $5: number of tasks of the user that exist already.
-- Distributions: 70 % completed, 60 % with a due time within two months, 3 % hidden until their start time, 80 % with a category.
INSERT INTO task.tasks (user_id, id, title, description, priority, state, due_time, due_date, time_zone, start_time, category_id,
    tag_ids, reminders, muted, version, operation_id, create_time, update_time, complete_time)
SELECT $1,
    (lpad(to_hex((extract(epoch FROM create_time) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
    title,
    description,
    CASE WHEN priority < 0.2 THEN 'low' WHEN priority < 0.8 THEN 'medium' WHEN priority < 0.95 THEN 'high' ELSE 'urgent' END,
    CASE WHEN completed < 0.7 THEN 'completed' ELSE 'open' END,
    due_time,
    CASE WHEN date_only THEN due_time::date END,
    CASE WHEN due_time IS NOT NULL THEN 'UTC' END,
    start_time,
    CASE WHEN has_category < 0.8 THEN md5($1 || ' category' || category)::uuid END,
    ARRAY(SELECT DISTINCT md5($1 || ' tag' || floor(power(50, random()))::int)::uuid FROM generate_series(1, tag_count)),
    '[]',
    false,
    CASE WHEN completed < 0.7 THEN 2 ELSE 1 END,
    md5(hash)::uuid,
    create_time,
    CASE WHEN completed < 0.7 THEN complete_time ELSE create_time END,
    CASE WHEN completed < 0.7 THEN complete_time END
FROM (
    SELECT title, description, date_only, priority, completed, has_category, category, tag_count, create_time,
        md5($1 || number) AS hash,
        create_time + (now() - create_time) * age AS complete_time,
        CASE WHEN has_due < 0.6 THEN date_trunc('day', now(), 'UTC') + due_day * interval '1 day'
            + CASE WHEN date_only THEN 0 ELSE due_quarter END * interval '15 minutes' END AS due_time,
        CASE WHEN has_start < 0.03 THEN now() + start_day * interval '1 day' END AS start_time
    FROM (
        SELECT title, description, number,
            now() - interval '730 days' * (1 - number::float8 / $4) AS create_time,
            random() AS priority, random() AS completed, random() AS age, random() AS has_due, random() < 0.5 AS date_only,
            floor(61 * random()) - floor(61 * random()) AS due_day, floor(96 * random()) AS due_quarter,
            random() AS has_start, 1 + floor(30 * random()) AS start_day, random() AS has_category,
            floor(power(10, random()))::int AS category,
            (ARRAY[0, 0, 1, 1, 1, 2, 2, 3])[1 + floor(8 * random())::int] AS tag_count
        FROM (SELECT title, description, $5::bigint + place AS number FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS texts (title, description, place)) texts
    ) draws
) tasks
