-- A class's month as one changeable thing: two people who record it do not write over each other unseen.

create table absence_month (
    school_id text   not null,
    year_id   text   not null,
    class_id  text   not null,
    month     text   not null,
    etag      bigint not null default 1,
    constraint absence_month_pk primary key (school_id, year_id, class_id, month),
    constraint absence_month_class foreign key (school_id, year_id, class_id) references class
);

do $$
declare
    service text := current_setting('hocba.service_role');
begin
    alter table absence_month enable row level security;
    alter table absence_month force row level security;
    create policy absence_month_school on absence_month
        using (school_id = hocba_school()) with check (school_id = hocba_school());
    execute format('grant select, insert, update (etag) on absence_month to %I', service);
end $$;
