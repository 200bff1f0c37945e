-- The keys of what lies sealed in the object store: one a pupil, one a school for what belongs to no one pupil.
-- Wrapped by the service's master key, which is not here.

create table data_key (
    school_id text        not null,
    -- `pupils/{pupil}`, or `school`.
    owner     text        not null,
    wrapped   bytea       not null,
    made_at   timestamptz not null,
    constraint data_key_pk primary key (school_id, owner)
);
comment on table data_key is 'a key that is gone takes all it sealed with it: the service may neither change nor delete one';

do $$
declare
    v_service text := current_setting('hocba.service_role');
begin
    alter table data_key enable row level security;
    alter table data_key force row level security;
    create policy data_key_school on data_key using (school_id = current_setting('hocba.school', true));
    execute format('grant select, insert on data_key to %I', v_service);
end $$;
