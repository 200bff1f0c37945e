-- What completeness is judged by (A6.4): the day by which a period's sheets are to be finished, and which authority
-- a school belongs to, so that its officers see how far the school is.

create table due_day (
    school_id text not null,
    year_id   text not null,
    period    text not null,
    day       date not null,
    constraint due_day_pk primary key (school_id, year_id, period),
    constraint due_day_year foreign key (school_id, year_id) references school_year,
    constraint due_day_period check (period in ('mid1', 'end1', 'mid2', 'end2'))
);

-- Identity's word, asked for in the background: nobody waits for it.
create table school_authority (
    school_id    text        not null,
    authority_id text        not null,
    asked_at     timestamptz not null,
    constraint school_authority_pk primary key (school_id)
);
create index school_authority_members on school_authority (authority_id);

-- Schools whose authority was not asked for since `p_before`: ids only.
create function schools_to_ask_for(p_before timestamptz) returns table (out_school text)
language sql stable security definer set search_path = public, pg_temp as $$
    select distinct y.school_id from school_year y
    left join school_authority a on a.school_id = y.school_id
    where a.school_id is null or a.asked_at < p_before
    limit 100
$$;

-- The schools of an authority: ids only; each is then read for itself.
create function schools_of_authority(p_authority text) returns table (out_school text)
language sql stable security definer set search_path = public, pg_temp as $$
    select school_id from school_authority where authority_id = p_authority order by school_id
$$;

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
begin
    foreach guarded in array array['due_day', 'school_authority'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
    end loop;
    execute format('create policy school_authority_owner on school_authority for select to %I using (true)', current_user);
    execute format('grant select, insert, delete on due_day to %I', service);
    execute format('grant select, insert, update (authority_id, asked_at) on school_authority to %I', service);
    foreach guarded in array array['schools_to_ask_for(timestamptz)', 'schools_of_authority(text)'] loop
        execute format('revoke execute on function %s from public', guarded);
        execute format('grant execute on function %s to %I', guarded, service);
    end loop;
end $$;
