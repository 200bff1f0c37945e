-- What officers of the authority read of pupils (A3): insert-only, the reason sealed under the pupil's key.

create table district_read (
    school_id text        not null,
    read_id   uuid        not null,
    pupil_id  uuid        not null,
    officer   uuid        not null,
    reason    bytea       not null,
    read_at   timestamptz not null,
    constraint district_read_pk primary key (school_id, read_id),
    constraint district_read_pupil foreign key (school_id, pupil_id) references pupil
);

do $$
declare
    service text := current_setting('hocba.service_role');
begin
    alter table district_read enable row level security;
    alter table district_read force row level security;
    create policy district_read_school on district_read
        using (school_id = hocba_school()) with check (school_id = hocba_school());
    execute format('grant select, insert on district_read to %I', service);
end $$;
