-- School years, classes, who teaches what. Row-level security: a transaction sees its own school only.

create function hocba_school() returns text
language sql stable as $$ select current_setting('hocba.school', true) $$;

create table school_year (
    school_id     text        not null,
    year_id       text        not null,
    rule_set      text        not null,
    school_code   text        not null,
    school_name   text        not null,
    commune       text        not null,
    province      text        not null,
    grace_minutes int         not null,
    etag          bigint      not null default 1,
    created_at    timestamptz not null,
    constraint school_year_pk primary key (school_id, year_id),
    constraint school_year_grace check (grace_minutes between 1 and 1440)
);

create table test_day (
    school_id text     not null,
    year_id   text     not null,
    grade     smallint not null,
    semester  text     not null,
    first_day date     not null,
    constraint test_day_pk primary key (school_id, year_id, grade, semester),
    constraint test_day_year foreign key (school_id, year_id) references school_year,
    constraint test_day_grade check (grade between 1 and 5),
    constraint test_day_semester check (semester in ('semester1', 'semester2'))
);

create table class (
    school_id    text     not null,
    year_id      text     not null,
    class_id     text     not null,
    display_name text     not null,
    grade        smallint not null,
    constraint class_pk primary key (school_id, year_id, class_id),
    constraint class_year foreign key (school_id, year_id) references school_year,
    constraint class_grade check (grade between 1 and 5)
);

create table teaching_assignment (
    school_id    text not null,
    year_id      text not null,
    class_id     text not null,
    item         text not null,
    teacher      uuid not null,
    teacher_name text not null,
    constraint teaching_assignment_pk primary key (school_id, year_id, class_id, item),
    constraint teaching_assignment_class foreign key (school_id, year_id, class_id) references class
);
create index teaching_assignment_teacher on teaching_assignment (school_id, teacher);

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
begin
    foreach guarded in array array['school_year', 'test_day', 'class', 'teaching_assignment'] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
    end loop;
    execute format('grant select, insert on school_year, class to %I', service);
    execute format('grant update (etag) on school_year to %I', service);
    execute format('grant select, insert, delete on test_day to %I', service);
    execute format('grant select, insert, update (teacher, teacher_name) on teaching_assignment to %I', service);
end $$;
