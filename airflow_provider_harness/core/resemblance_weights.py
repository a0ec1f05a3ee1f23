"""What was learnt for ``core.resemblance``: made by ``python -m tests.learn``; change that, not this."""

from __future__ import annotations

THRESHOLD = 0.35
MARGIN = 0.2
#: Of each category, in their order: its bias, and the failures that it was learnt from.
BIAS = (
    41,
    -38,
    -80,
    21,
    -32,
    -58,
    33,
    2,
    29,
    6,
    -91,
    -4,
    52,
    79,
    -3,
    -16,
    72,
    76,
    -6,
    66,
    -77,
    -83,
    8,
)
LABELLED = (
    88,
    38,
    38,
    47,
    32,
    24,
    55,
    46,
    62,
    71,
    54,
    96,
    98,
    63,
    48,
    75,
    117,
    113,
    56,
    46,
    17,
    18,
    23,
)
#: A word or two, and the weights by number of the category, in hundredths.
WEIGHTS = """\
aborted 12:90 22:134
aborting 17:90 18:104
about 13:95
above 0:89 12:97
above_exception 0:95
accepted 12:147
accepting 0:191
accepting_connections 0:191
access 8:121 9:427 10:-84
access_control 9:111
access_denied 9:270
account 1:-83 2:155 9:132
accounts 10:100
action 20:88
active 0:122 5:122
active_record 0:105
address 12:100
admin 0:101
admin_shutdown 0:101
administrator 0:141
administrator_command 0:143
affect 14:106
affect_row 14:113
after 1:161 5:94 6:92 15:-93
again 0:90 1:85 6:230 8:103 13:-82
aggregate 17:124
ago 13:-105 16:130 17:83
airbyte 22:223
airflow 0:-84 5:135 6:-86 8:-95 10:-131 17:104 18:153 20:187
airflow_exception 3:-85 5:172 17:95 20:179
airflow_not 16:94
airflow_sensor 13:200
airflow_task 7:186
all 1:146 16:-81 19:84 22:103
allocate 3:183
allocate_for 3:136
allow 4:126 9:122
allowed 3:146 5:93 18:110
allowed_when 3:90
already 6:234 14:112 16:-113 17:155 22:106
already_exists 17:132
alter 17:163
amount 11:395 12:302 13:-92 16:-127
amount_from 17:83
amount_not 11:102
amqp 10:123
analysis 10:-99 13:166
and_accepting 0:118
and_data 3:136
and_the 8:83
anon 3:101
anon_rss 3:101
another 4:87 6:261 17:-88
another_exception 16:90
any_return 18:83
api 1:324 10:121 13:-86
api_group 9:96
api_version 10:176
app 1:96 22:120
appear 13:82 17:144
append 1:85 11:148
are_not 11:110
are_reserved 5:115
args 18:80
args_kwargs 18:83
argument 17:181 18:140
argument_types 17:104
array 3:205 15:120
array_with 3:136
arrow 11:246 15:110
arrow_invalid 11:94 15:119
assertion 12:275 14:219
assertion_error 12:240 14:230
associated 17:86
associated_with 17:86
attempt 2:85 9:176
attribute 17:119 18:295
attribute_append 18:80
attribute_error 18:338
auth 8:114
authenticate 8:88
authentication 8:439
authentication_exception 8:146
authentication_failed 8:208
authorization 9:132 16:197
authorized 9:138 10:98
authorized_perform 9:110
available 4:150 16:-89 22:114
avro 15:193
aws 8:80
axis 11:85 14:106
back 22:177
back_off 22:179
backend 0:108
background 5:114
background_this 5:114
bad 0:101 7:-86 9:-150 10:-101 11:151 13:-115 15:259 18:176
bad_gateway 0:98
bad_gzip 15:108
bad_request 11:132 12:114 17:203
base 16:123
bash 19:202
batch 16:82
because 2:119 13:-108 16:-80 18:156 22:109
been_exceeded 21:120
been_externally 22:153
before 13:165 18:109
before_the 18:129
between 11:-100 12:176
billing 2:219 16:94
binder 11:88
binder_error 11:88
binder_exception 11:88
block 4:214 17:141 20:84
blocked 4:125
body 2:145 17:121
broken 0:100 17:188
broken_dag 17:103
broken_incomplete 0:99
broker 9:85
bucket 10:107 11:-111 16:503
bucket_does 10:82
buffer 15:123
build 18:95 20:190
build_mart 20:133
byte 15:332
byte_position 15:118
bytes 1:126 2:165 4:140 7:-81 13:166 15:185 17:-147 18:-82
bytes_read 0:86
called 19:120
can 1:106 3:113 13:-144 17:157 22:135
can_decode 15:118
canceled 7:194
canceled_canceling 7:100
canceling 6:167
canceling_statement 6:167
cancelled 7:203
cannot 7:-84 10:-100 12:-89 13:-118 14:149 17:217 18:302 19:-114
cannot_affect 14:113
cannot_import 18:196
cannot_open 1:102 18:126
cardinality 14:83
cardinality_violation 14:115
cast 12:268 17:-87
catalog 22:95
cause 18:106
caused 3:110
caused_serialization 15:86
celery 16:148 22:183
certificate 8:108 16:147
changed 18:154
channel 10:101 11:87
char 15:107
character 11:80 15:232
character_varying 11:106
charset 8:155
check 1:-102 2:91 12:201 13:80
check_constraint 12:84
checkpoint 12:108
class 15:99
clause 17:164
client 2:124 8:311 10:86 15:-102 16:-108
client_error 1:102 2:146
clients 5:256
closed 0:81 17:127
cloud 1:93 9:80
cloud_storage 9:104
cluster 4:111 19:90
code 0:106 1:120 2:98 7:-108 8:157 9:147 10:146 12:-104 13:-105 15:-98 16:-91 17:-207 18:-133 19:96 22:209
code_message 8:128
code_not 10:93
code_unknown 10:96
codec 15:118
codec_can 15:118
collection 3:83 16:92
column 6:-109 8:-97 9:-82 10:-233 11:750 12:201 13:-83 17:153
column_amount 12:121
column_char 15:109
column_column 11:188
column_list 14:100
column_name 17:92
column_values 12:85
columns 11:442 12:-154 15:121
command 0:85 3:107 16:129 17:-86
command_cannot 14:113
command_not 3:90
commit 6:245
commit_failed 6:223
compilation 17:183
compilation_error 17:183
complete 7:139
complete_within 7:146
completed 20:104 22:107
completed_with 22:89
compute 14:162
concurrency 5:82
concurrent 1:96 6:272
concurrent_update 6:190
condition 4:127 7:86
condition_disk 4:133
config 16:277
configuration 16:223
configured 12:123 14:123
configured_fail 12:140 14:133
conflict 6:359
conflict_update 14:102
conflict_with 6:118
conflicting 6:85
conn 5:100 16:115
connect 0:210 8:226 16:-94
connect_error 0:85
connected 12:80
connection 0:636 5:448 6:-145 8:92 9:-149 11:-100 12:-127 13:-164 15:-150 16:114 17:88 18:-86 19:-96 22:-113
connection_broken 0:149
connection_closed 17:177
connection_due 0:105 7:96
connection_error 0:142 5:118
connection_failed 16:135
connection_pool 7:101
connection_refused 0:280
connection_reset 0:105
connection_server 5:158 8:137 16:125
connection_slots 5:115
connection_timed 0:123 5:81
connections 0:141 5:311 16:-147
connections_for 5:162
constraint 12:254 14:151 16:-83 22:112
constraint_failed 14:96
contain 16:131
container 3:178 16:97
container_config 16:105
contains 10:123
content 8:82 11:-91
content_type 8:109
context 15:223
context_copy 15:159
context_deadline 0:99
context_json 15:116
context_unnamed 11:81
context_while 6:97
contract 11:105
control 9:101 12:107
control_error 9:111
controller 19:118
controller_node 19:121
conversion 12:198
convert 12:264 15:103
convert_string 12:100
copy 12:126 15:124
copy_stage 11:91
core 19:154
could 0:100 4:158 6:136 7:-87 11:-109 13:-118 17:-186
could_not 0:105 4:104 6:139 7:-85 11:-108 13:-117 16:85 17:-183
count 13:157
count_between 13:93
country 11:138
counts 13:87
create 14:87 16:176
creating 2:-120 21:109
credentials 8:287 16:120
credentials_error 16:152
critical 22:143
crm 16:182
crm_api 16:136
csv 13:140 15:219
curl 16:114
curl_https 16:114
currency 11:158
current 17:95 19:141
currently 1:85 6:109
customer 11:211 12:153
customers 11:95
cycle 2:80 6:122
dag 11:-107 12:-89 16:93 18:97 19:95 20:132
dags 19:127
daily 1:-108 2:215 13:90 16:97
daily_limit 1:-103 2:212
data 3:107 6:-87 10:125 11:166 14:-111 15:335 16:-146
data_context 16:124
data_error 15:222
data_for 15:114
data_frame 11:91 18:110
data_from 10:110
data_interval 17:139
data_line 15:116
data_type 3:135
database 4:256 6:394 7:-84 9:159 13:-133 14:-111 17:-129
database_connection 5:81
database_error 4:107 8:147 10:92 16:-108 18:-83
dataset 10:134 14:91
datasource 8:87
date 11:87 12:156 13:123 15:-101
date_date 16:114
datetime 15:102
datetime_field 15:115
day 13:257 14:137 16:-81 17:95
day_out 12:99
days 13:87 16:179
dbt 17:281 18:108
deadline 0:94 7:134
deadline_exceeded 0:94 7:134
deadlock 6:152
decode 15:159 16:146
decode_byte 15:118
decode_error 15:159 16:146
default 5:150 17:107
defined 16:90
delete 4:128
delivery 16:128
denied 9:547
denied_error 9:85
denied_for 9:154
denied_when 9:143
dependencies 18:163 20:96
dependency 20:127
depends 17:166 20:91
description 8:106
deserialize 15:90
deserialize_data 15:90
destination 22:84
detail 6:148 10:143 11:-124 13:-96 14:96 15:94 16:-138
detail_failing 12:86
detail_key 12:100 14:155
detail_process 6:110
details 2:86 8:130
detected 0:104 19:141
detected_zombie 19:116
device 4:362
did 6:102 11:106 14:128
did_not 6:120 7:89 14:150
did_you 11:149
different 18:83
dim_customer 14:81
direct 7:101
directory 4:93 10:260 22:136
disabled 8:124
disconnected 0:255
disk 2:-90 4:432 21:215
disk_full 4:204
disk_pressure 4:133
disk_quota 21:240
disk_space 4:137
division 17:219
division_zero 17:219
docker 22:137
does 0:-99 6:-99 8:110 9:92 10:246 11:205 12:-148 18:90
does_not 0:-99 6:-99 8:110 9:92 10:246 11:205 12:-148 18:90
domain 16:90
done 13:140 20:84 22:168
done_pass 20:111
double 12:158 15:-105
down 1:167 19:215
down_when 1:87
drive 21:115
drive_storage 21:120
dsn 16:219
dtype 14:163
dtype_name 14:164
due 4:119 6:248 7:187 17:-109 22:109
due_administrator 0:143
due_concurrent 6:126
due_lock 6:106
dump 18:107
dump_error 18:107
duplicate 14:508
duplicated 14:236
duration 13:86
duration_seconds 13:100
during 0:100 3:232
during_handling 16:90
during_query 3:144
each 14:109
each_target 14:116
echo 19:168
either 16:175
element 11:-101 12:159 14:181
element_count 14:89
email 12:120
empty 21:111
enable 16:96
encoding 15:112
encountered 0:117 13:-100 15:117 16:107 17:129
encountered_error 13:-83 16:167 17:158
encountered_too 15:98
end 11:-97 12:-84 15:208 17:183
ended 15:90
enough 0:104 17:111
entity 16:113
entry 14:82
entry_for 14:82
environment 18:123
eof 0:181 15:119
eof_error 15:97
ephemeral 21:149
ephemeral_storage 21:84
equal 12:175
errno 0:329 5:108 6:112 9:168 15:-155 18:-105 21:236
errno_connection 0:247
errno_disk 21:118
errno_space 4:146
errno_such 16:113
error 0:101 3:-132 6:-81 7:-149 11:95 12:-137 13:-165 15:133 16:83 18:244 19:-149 20:-93 22:122
error_amount 11:187
error_bad 15:109
error_can 3:153 17:123
error_canceling 6:104
error_cannot 8:83 14:83 18:187
error_client 0:-97 1:86 2:89 13:122 18:-85
error_code 1:88 2:132 6:116 8:188 10:130
error_codec 15:118
error_column 11:100 17:91
error_command 19:129
error_connection 0:173
error_creating 2:-105 17:81 21:112
error_data 1:93 11:-103 17:130 18:129
error_day 12:99
error_description 8:106
error_detected 19:86
error_duplicate 14:126
error_encountered 3:80
error_errno 5:129 6:113 9:187 15:-144 17:-91 18:-85 21:251
error_error 0:162 1:168 4:-106 6:105 8:97 10:-123 11:-125 15:152 17:-97 21:166
error_event 22:158
error_executor 19:115
error_expected 15:183
error_expecting 15:84
error_failed 4:103 16:135
error_for 0:115 2:81
error_forbidden 9:251
error_got 17:-158 18:243
error_https 5:81
error_index 14:120
error_invalid 8:234 16:161
error_job 7:92
error_list 17:111
error_message 21:80
error_missing 9:128
error_model 11:162 20:118 22:87
error_module 18:268
error_near 17:182
error_none 22:101
error_not 12:-82 13:96 17:93 18:132
error_null 12:90
error_object 17:226 18:-108
error_operation 21:97
error_order 8:281
error_process 22:111
error_queue 5:97
error_read 15:120
error_request 0:116
error_row 11:92
error_server 0:294 7:109
error_skip 20:106
error_ssl 0:88 8:117
error_stale 13:152
error_statement 7:93
error_syntax 17:138
error_task 20:110 22:-102
error_the 0:-89 1:104 17:189
error_time 16:96
error_tokenizing 15:86
error_too 1:104
error_unable 4:143 11:183
error_unauthorized 8:171
error_unexpected 15:167
error_unterminated 15:87
error_validation 16:98
error_warehouse 2:108 16:108
error_worker 19:87
errors 4:101 22:162
errors_giving 15:98
errors_message 1:123
errors_reason 11:96
establish 0:118
event 22:259
event_failed 22:151
event_had 22:132
event_type 22:132
events 3:112 10:101
every 14:102
evicted 4:195 21:156
exactly 14:103
exceeded 1:179 2:518 3:118 5:-134 6:-137 7:280 9:-197 11:-102 12:-108 13:-121 14:-83 15:-119 18:-88 19:-121 21:354 22:-89
exceeded_during 3:144
exceeded_exception 1:86 2:140
exceeded_for 2:148 7:138
exceeded_message 2:150
exceeded_quota 2:197
exceeded_rate 1:154
exceeded_the 2:96
exceeded_your 2:299
exceeds 12:131 21:264
exceeds_temp 21:129
exceeds_the 13:81 21:151
exception 0:112 1:103 3:-163 4:116 6:135 13:-85 14:-93 15:-85 18:-80 19:-94 21:-122
exception_another 16:90
exception_authentication 8:146
exception_binder 11:88
exception_error 2:81 6:106 10:87
exception_kafka 9:89
exception_pod 5:132
exception_reason 4:121
exception_the 17:84
exception_when 2:95
exchange 10:120
execute 16:178 17:-126 18:105
execute_task 16:107
executing 15:116
execution 1:129 3:89 7:184 16:-88 17:-84 18:93 22:100
executor 19:160
exhausted 1:87
exist 6:-85 8:107 10:316 11:117 12:-118 18:87
exists 6:154 17:113
exit 3:144 16:-90 22:216
exit_code 3:133 22:168
exit_status 0:100
exited 16:-94 19:269
exited_prematurely 19:90
exited_with 19:192 22:97
expect 12:148
expect_column 12:286
expect_table 12:-80 13:117
expected 11:285 12:-126 13:274 14:-87
expected_incomplete 0:99
expecting 16:92
expired 8:609 9:-80 16:-120
export 10:-121 13:141 20:123
exporting 19:85
expression 16:102
extend 4:223
external 20:155
external_task 20:155
externally 22:112
externally_set 22:153
extra 11:129
extract 10:113 20:121
fail 12:120 14:107 18:218
fail_not 12:109
failed 0:-106 2:-165 8:107 9:-93 11:-135 12:92 16:141 17:-122 20:351 22:99
failed_exception 6:173
failed_fatal 5:204 8:171
failed_for 8:125
failed_reason 0:98 7:86
failed_resolve 10:84
failed_rows 16:88
failed_upload 7:84
failed_with 13:86 17:135 20:144 22:-83
failing 10:121
failing_row 10:124
failure 4:135 6:94 12:113 22:-100
failure_model 17:91
failure_test 12:140 14:133
false 1:129 9:258 13:101 16:-81
false_error 1:97 9:125
fatal 0:-153 5:297 6:-87 8:112 10:146 17:-112 19:153
fatal_could 10:108
fatal_database 16:216
fatal_error 10:103 15:111
fatal_password 8:132
fatal_remaining 5:115
fatal_too 5:162
fault 19:181
fct 22:125
fetch 13:126
field 11:453 12:109 15:209
field_overflow 15:111
field_value 12:87
fields 11:144 15:95
file 0:-103 4:157 5:-80 6:-112 7:-91 9:132 10:129 13:194 15:532 16:-195 17:-228 18:-87 19:-103 21:236
file_directory 10:166
file_format 15:129
file_limit 21:129
file_line 12:150
file_not 13:119 15:133 18:-111 22:156
file_size 21:253
file_space 4:127
file_such 18:128
files 5:149 13:321 16:-110
files_for 13:191
find 16:85
finished 22:268
finished_with 22:134
first 8:89 11:118 19:163
float 15:81
following 16:99
footer 15:89
for_array 3:136
for_each 14:112
for_field 12:87
for_int 16:83
for_job 20:145
for_month 12:99
for_more 1:100 22:88
for_role 5:98
for_row 10:129
for_schema 9:105
for_share 6:81
for_the 10:107
for_this 6:90 16:151 17:-121 22:125
for_type 11:140 12:87 17:-81
for_url 2:114 13:80
for_user 8:132
forbidden 0:-130 2:217 6:-111 9:515 10:-107 17:-84
forbidden_exceeded 2:91 21:94
forbidden_exception 9:90
forbidden_for 9:162
forbidden_user 9:96
foreign 12:95
foreign_key 12:95
format 12:139 15:85 17:103 18:-97
format_missing 15:80
found 0:-85 2:-83 6:-108 7:-151 9:-108 10:430 12:-86 13:254 15:-102 16:215 17:-107 18:167
found_dataset 10:142 13:-108
found_error 10:102 13:158 15:-104 18:83
found_exception 10:131
found_for 5:82 10:97 13:88 16:-127 17:-89 22:119
found_from 20:119
found_get 10:114 16:-85
found_message 10:83 13:87
found_not 13:218
found_table 13:144
found_when 15:91
frame 11:87 18:106 22:98
frame_object 18:141
free 2:126
freshness 13:310
freshness_error 13:152
from_the 20:110
full 4:199
full_filepath 19:80
function 4:-86 17:184 21:99
further 19:236
gate 12:126
gateway 7:197
get 5:109 8:117 10:200 13:136 15:-87
get_https 8:112 10:158 13:113
given 16:114
giving_rows 15:98
google 1:90
google_cloud 1:97
got 14:83 18:254
got_results 14:87
got_unexpected 18:185
grant 8:202
grant_error 8:111
greater 12:105
greater_than 12:105
group 9:84 17:147 19:118
group_the 9:96
gzip 15:150
gzip_file 15:150
had_event 22:132
handler 3:90
handling 16:90
handling_the 16:90
hard 7:80
has_attribute 18:219
has_been 6:94 21:94 22:89
has_expired 8:257
has_timed 13:88
have_permission 9:88
have_the 9:82
head 16:113
head_title 16:81
header 15:108 16:145 18:123
headers 16:83
heartbeat 19:174
held 6:150
hint 17:242
hint_you 3:83
history 7:97
host 0:198 16:333
host_and 0:84
host_name 16:91
host_port 7:100
hostname 19:97
hourly 13:154
hours 13:92
html 0:80 8:157
html_head 16:81
http 2:157 9:253 10:140 11:-124 15:-95 16:-90 18:-134 19:-82
http_error 2:81 13:94 18:-101
http_response 6:128
http_status 12:95
https 0:227 1:123 2:178 3:-112 4:-110 10:164 12:-91 14:-107 15:-171 16:207 17:-167 22:-126
https_pretty 9:112
identity 17:123
idle 7:198
ignore 16:96 18:80
ignore_any 18:83
image 10:-117 16:122 18:351 22:92
image_pull 16:120
import 12:100 18:217
import_error 18:224
import_name 18:196
incompatible 18:107
incomplete 0:95
incomplete_read 0:99
incorrect 8:303 15:172 16:-81
increase 3:85
increase_max 3:85
incremental 19:134
index 4:101 11:153 14:268 15:-83 17:112
index_dtype 14:164
index_error 17:160
index_has 4:128
index_out 17:170
information 1:119
information_see 1:130
input 12:180
input_source 15:89
input_syntax 12:184
insert 11:92 14:83
insert_update 12:95
install 18:125
installed 18:276
instance 6:80 17:-99 19:109 20:96 22:194
instance_has 22:153
instance_task 22:80
insufficient 5:80 9:321
insufficient_privilege 9:188
insufficient_privileges 9:111
insufficient_quota 2:96
int 12:156
int_with 16:88
integer 11:133 12:100
integrity 14:124
internal 0:233
internal_error 0:167
internal_server 0:151
interval 17:170
interval_end 17:139
invalid 0:-103 1:-93 2:-100 3:-127 7:-107 8:399 9:-131 12:345 13:-136 15:265 16:175 18:92 19:-99 22:-91
invalid_could 15:89
invalid_grant 8:202
invalid_input 12:249
invalid_literal 16:88
invalid_location 11:93
invalid_message 12:82
invalid_operation 12:120
invalid_query 6:83 14:89 17:217
invalid_schema 10:90 11:90
invalid_start 15:92
invalid_token 16:90
invalid_value 15:-86 16:271
invoices 14:87
isn 16:94
isn_defined 16:94
issue 1:98
jinja 17:131
job 0:-85 2:121 7:154 8:-138 13:-102 14:155 15:-96 17:-158 19:147 20:218 22:-153
job_failed 10:98
job_full 19:80
job_started 13:93
job_with 10:100
join 14:154
json 11:108 12:-133 15:227
json_data 15:116
json_decode 15:124
kafka 9:89
kafka_error 9:89
kafka_exception 9:89
key 0:-166 1:130 6:-80 8:234 11:310 14:115 15:-152 16:173 18:-134 22:-88
key_constraint 12:95
key_does 13:98
key_error 1:205 8:80 11:356 14:-123 15:-102 16:128
key_violation 12:95
key_when 13:91
keys 1:201 11:95 14:325 16:-119 17:-86
keyword 18:174
keyword_argument 18:175
kill 19:182
killed 3:409
killed_process 3:101
known 16:131
kubelet_back 16:82
kubelet_error 16:84
kubernetes 3:123
kwargs_type 18:83
landing 10:115
large 3:140 21:99
larger 15:137
least 6:157 13:84
left 4:354
left_device 4:362
length 1:99 15:90 22:106
less 12:182
less_than 12:182
level 11:83 22:157
limit 0:-81 1:256 2:193 3:141 7:151 8:-106 9:-126 11:-95 13:-104 16:-109 17:-151 19:-99 21:462
limit_exceeded 1:111 2:126 3:111 7:143
limit_size 5:97
limited 2:94 21:94
limits 1:159
line 10:180 12:140 13:-116 15:315 17:141 22:-95
line_column 11:-180 15:244 16:221 17:-183
line_create 10:90
line_insert 18:82
line_select 10:105 17:197
list 17:195
list_index 17:111
literal 16:82
literal_for 16:88
load 0:-86 13:90 14:122 22:190
load_failed 10:98
load_job 14:92
loaded 13:129 15:105 19:104
loader 19:176
loading 3:117 15:123 18:96
local 22:99
location_none 16:92
location_query 12:98
location_reason 13:89
lock 6:642
lock_held 6:150
lock_timeout 6:106
lock_transaction 6:81
lock_wait 6:111
locked 6:391
locks 3:85
locks_per 3:85
log 0:-115 4:83 8:124 16:-122 20:243
logical 17:115
login 8:326
long 11:176
long_for 11:91
longer 7:144
longer_than 7:147
lookup 8:82 17:85
loop 17:149
lost 3:143 19:168
lost_error 19:90
low 4:109
low_resource 4:109
loyalty 11:101
macro 17:109
magic 15:202
main 6:100
make 13:121 22:144
make_makefile 22:164
makefile 22:164
manager 19:184
manual 14:104
manually 15:113
many 1:237 5:296 16:88 17:-80
many_connections 5:162
many_errors 15:98
many_requests 1:302 2:110
map 12:97 19:100
mapped 5:130
mapped_task 5:109
mapping 18:92
marker 13:134 15:96
marking 7:87
marking_task 22:90
mart 10:163 20:107
match 11:226 14:81 17:-81 18:91
match_most 14:116
matches 13:88
matching 17:153
max 0:-82 1:163 2:80 5:238 11:-136 13:346 18:-89
max_locks 3:85
max_value 12:109
maximum 1:84 17:112
maxmemory 3:90
may 17:-81 18:145 22:135
mean 11:118
memory 3:867 17:-110
memory_error 3:307
memory_killed 3:101
memory_maxmemory 3:90
memory_used 3:93
merge 4:-90 14:109 20:87 21:98
message 2:226 5:-80 8:82 10:249 11:104 13:-102 16:-110 17:-119 18:-165 20:-81 21:119 22:-102
message_api 10:155
message_invalid 12:157
message_not 10:87
message_query 2:119
message_quota 21:88
message_resources 3:100
message_the 1:170
messages 0:91 1:229 9:126 11:-105 16:-102 22:90
method 8:112
might_need 3:82
min 0:84 13:109 22:112
min_value 13:114
mismatch 11:168 18:118
missing 6:80 8:-93 13:197 16:94 17:130
missing_count 14:90
missing_data 15:80
missing_percent 14:94
mode 17:181
model 11:141 16:-84 17:122 20:108
model_depends 17:93
model_fct 22:134
modified 22:159
module 18:438
module_named 16:-104 18:284
module_not 18:199
month 12:249
monthly 2:183
more 0:99 7:-94 14:106
more_expected 0:99
more_information 1:122
more_than 14:185
most 0:-200 1:-114 2:-88 3:80 4:-106 9:170 10:155 11:84 13:-90 15:365 16:196 17:256 19:-137 20:-158 21:-129 22:-345
most_one 14:116
must 9:145 11:-117 12:108 16:331
must_have 17:87
must_match 14:116
must_specify 16:94
name 8:-90 10:165 12:-117 13:-104 15:-82 16:161 18:107
name_service 16:95
named 18:187
named_which 17:93
namespace_reason 9:96
near 17:182
need_increase 3:85
needed 13:151
negative 12:148 15:119
new 3:153 11:98
newest 12:87 13:269
next 13:100
nightly 4:-87 6:90 21:97
node 4:192 19:219
node_controller 19:121
node_not 19:121
node_was 4:109
nodes 5:85 22:112
non 15:112
none 17:95 22:157
none_type 17:102 22:105
nonmissing 14:94
normal 19:163
not 0:-178 1:-259 2:-171 3:-102 5:-147 6:118 7:-104 10:294 12:114 13:258 14:-97 16:182 17:138 18:164 19:-80 21:-157
not_allowed 3:80 18:120
not_authorized 9:100 10:98
not_available 13:85 22:154
not_been 16:84
not_complete 7:103
not_completed 19:127
not_convert 12:115
not_create 14:98
not_enough 0:104 17:111
not_exist 8:112 10:326 11:92 12:-100 13:88 18:98
not_find 16:154
not_found 0:-119 6:-114 9:-121 10:377 12:-98 13:271 15:-92 16:199 17:-86 18:218
not_have 9:202
not_index 11:82
not_known 16:131
not_match 11:182
not_null 12:202
not_obtain 6:88
not_open 15:80
not_parse 12:88
not_permitted 8:82
not_present 12:95
not_ready 13:114 19:112
not_serialize 6:85
not_subscriptable 22:110
not_there 13:173
not_valid 17:194
not_write 4:121
nothing 13:206
now 13:194
null 12:349
null_constraint 12:108
number 0:-91 2:137 5:95 12:159 17:155
numeric 12:218
numeric_value 12:117
object 9:111 10:88 12:-96 15:-111 17:114 18:264
object_has 17:82 18:148
object_not 17:122 22:106
object_operation 0:86
object_type 17:104
objects 13:139
observed 13:196
observed_value 13:116
obtain 6:88
occurred 0:124 7:87 11:-90 17:-93 18:-86
occurred_access 9:109
occurred_invalid 8:95
occurred_slow 1:87
off 22:178
off_pulling 16:84
offset 1:100
one 12:-85 14:329 16:-113
one_source 14:127
one_the 6:159
only 4:259 9:84 16:140 17:-126
oom 3:325 22:-98
oom_killed 3:276 22:-91
open 5:157 13:-91 16:-109 18:192
open_parquet 15:89
operand 17:181
operate 9:111
operation 0:94 1:136 6:180 9:123 11:-80 16:-102 18:-96
operational 0:86 16:116
operational_error 0:86 16:116
operator 17:89 20:84
order 8:230 10:-83 11:197 12:-116 13:-84 14:197 15:-88 16:-98
ordered 11:165
orders 0:-85 9:170 10:-154 11:147 12:122 13:90 17:188 18:-130 20:81 22:-80
orders_customer 12:99
out 3:173 7:348 8:-80 12:95
out_after 7:160
out_memory 3:170
out_range 12:114
out_read 7:131
out_run 13:100
out_shared 3:85
out_timeout 5:92 16:98
output 13:112 19:174
overflow 5:93 15:108
overflow_field 12:109
overflow_reached 5:97
package 18:238
packages 18:136
padding 15:244
page 10:104 13:96
pandas 18:181
parallelism 5:88
parameter 8:112 16:97
parameters 20:117
parquet_file 15:89
parquet_input 15:89
parse 12:116 15:184 18:-95
parse_error 15:199
parse_string 12:122
parser 15:87 16:95
parser_error 16:99
parsing 16:278
parsing_error 16:106
part 10:101
partial 12:123
partial_unexpected 14:91
partition 7:85 10:209 17:132
partition_key 10:128
partitions 13:135
pass 20:102
pass_warn 20:111
password 8:283
password_authentication 8:132
path 16:170 17:-82 22:140
peer 0:105
pending 12:107 20:192
per_day 2:80
per_transaction 3:85
per_user 1:109
percent_nonmissing 14:94
percent_total 14:94
perform 9:110
permission 9:551 16:-86
permission_denied 9:295
permission_error 9:192
permitted 8:82
pgbouncer 5:142 17:120
pid 0:-92 3:89 6:176 7:161
plan 2:192
please 0:160 1:87 15:81
please_reduce 1:101
please_try 0:157
plugin 18:80
pod 3:92 6:-84 16:117 19:95
pod_took 5:91
pods 2:138 16:96
pods_forbidden 2:146 16:104
poking 13:196 20:131
poking_for 13:161 20:133
policy 9:219
pool 0:-116 5:398 10:-99 19:116 20:88
pool_host 7:101
pool_limit 5:97
port 16:162
port_failed 5:107 16:82
port_read 7:97
portal 8:92
position 12:155 16:-90 17:135
position_invalid 15:118
positional 17:123
post 16:121
post_https 16:108
postgres 16:92
precondition 6:157
precondition_failed 6:157
prematurely 19:90
present 12:81 22:142
present_table 12:95
pressure 4:133
pretty 9:109
pretty_print 9:109
previous 4:118 13:99 17:105 20:130
price 12:100 15:141
primary 1:155 10:101 14:156
print 9:109
print_false 9:109
privilege 9:235
privileges 9:181
privileges_operate 9:111
problem 0:137 10:109
process 0:-98 6:89 16:-103 17:-108 19:492 22:96
processes 19:219
processing 15:139 22:126
prod 10:93 16:199
prod_was 10:106
profile 16:136
program 3:190
program_limit 3:190
programming 2:93 6:102 10:81
programming_error 2:93 6:102 10:81
progress 6:114
project 2:115 16:306
property 16:82
protocol 7:88
provided 8:246 11:95 16:106
provided_token 8:86
publish 20:267
pull 0:144 8:115 10:93 16:92
pull_image 16:123
pulling 16:84
pulling_image 16:84
put 1:105
put_object 6:81
python 18:206 19:155
qty 12:88
quantity 4:123
query 0:89 1:-101 2:224 3:166 7:157 8:-106 11:-96 15:-113 16:-119 17:185
query_canceled 7:100
query_exceeded 2:116
query_execution 3:135
query_message 6:97 14:97
queue 5:85 22:122
queue_pool 5:97
queued 22:95
quota 2:564 9:-109 16:-80 21:406
quota_exceeded 2:152 21:385
quota_for 2:192
quota_has 21:120
quota_requested 2:97
quote 15:103
raise 1:97
raised 7:131
raised_unexpected 7:89
range 12:170 22:126
range_for 12:92
rate 1:517
rate_limit 1:255
rate_limits 1:174
rates 0:90 13:251
raw 6:88 15:84
reached 1:96 5:157 7:97 13:102
reached_connection 5:97
reached_its 7:84
read 0:165 7:186 9:116 15:174 17:-173
read_bytes 0:99
read_more 0:99
read_only 4:103 9:94 16:162
read_timed 7:131
read_timeout 7:154
reading 7:89 10:83
reading_data 10:81 12:81
ready 13:107 19:137
ready_node 19:121
reason 2:113 3:153 8:-102 11:126 15:-81 16:-143 18:-99 20:-80 21:86
reason_forbidden 9:129
reason_invalid 11:152 12:120 17:110
reason_not 10:85 13:146
reason_oom 3:213 22:-86
reason_resources 3:100
received 19:174
received_sigterm 19:116
record 18:173
redis 5:102
reduce 1:134
reduce_your 1:101
reference 11:-95 17:233
referenced 11:99
refresh 8:358
refresh_error 8:183
refresh_token 8:152
refused 0:269
region 16:185 21:92
rejected 0:81 1:150
relation 6:187 10:280 11:-93 13:-88 16:-100 18:181 20:121
relation_does 10:155 17:-96 18:158
relation_orders 17:80
relation_skip 20:141
relationships 12:118
release 13:90
remaining 5:115
remaining_connection 5:115
remote 16:91 19:112
removed 18:163
replication 22:82
report 10:80 20:107
reports 13:98
request 1:202 3:113 4:-94 9:208 10:-118 13:-112 15:-89 17:145 18:-113 19:-97 21:-83 22:-88
request_error 12:103
request_for 11:80
request_rate 1:101
request_resources 3:100
requested 3:147 10:214
requested_used 21:99
requests 1:400 2:225
requests_for 1:100
requests_per 1:171
required 2:150 16:186
requires 15:118 18:165
reserved 5:115
reserved_for 5:115
reset 0:106
reset_peer 0:105
resource 0:-98 2:104 4:87 6:139 9:115
resource_api 9:96
resource_exhausted 1:93
resources 3:141
resources_exceeded 3:144
response 0:93 1:178 2:126 6:137 16:-97 17:-85
response_body 2:153
restarting 6:99 22:122
restarting_transaction 6:108
result 3:152
results 11:81 13:-91 22:151
results_configured 14:87
retries 0:150
retries_please 1:87
retries_the 8:119
retry 0:127 2:98
retrying 0:169 6:101
return_args 18:83
return_code 19:82
revenue 12:132
right 11:123
role 8:354 9:126 16:-165
root 16:90
row 10:-80 11:116 13:167 14:191 16:-136 17:-103 18:140
row_contains 10:124
row_count 12:-88 13:233
row_for 14:109
row_second 14:113
rows 14:259 15:148
rows_errors 15:98
rpc 0:82
rule 13:202 20:105
run 10:-123 13:155 14:94 16:-132 18:116 20:151 22:117
run_dbt 18:131
run_duration 13:86
run_the 22:99
runner 19:94
running 6:113 13:-94 16:-133 17:173 19:111 22:139
running_table 17:82
running_task 22:106
running_that 0:84
running_with 17:94 18:108
runs 2:109
runtime 3:107 10:-83 13:186 15:-97 18:155
runtime_error 3:114 13:239 15:-90 16:82 17:-83
sales 10:117 13:-121 16:205
same 6:88 13:83
saw 8:102
says 13:125 15:-103
scanned 2:94
scheduled 0:124
scheduler 5:183 16:-83
schema 9:123 10:205 11:350 15:-98 17:-126
schema_does 11:98
scheme 16:101
scope 9:217
second 7:80 14:106
second_time 14:113
seconds 1:-118 2:159 5:103 7:111 22:-89
seconds_exceeds 13:100
seconds_start 5:91
security 9:87
see 1:108 6:125 22:169
see_https 1:124
segment 4:150 10:106
select 10:154 11:84 17:186
select_from 10:119
select_order 11:201
sensor 13:200
sensor_has 13:100
sensor_timeout 13:200
serializable 6:123 17:86
serialization 15:83
serialization_exception 15:86
serialize 6:85
serialize_access 6:85
server 0:460 5:82 7:97 10:-110 11:-92 12:-98 13:-120 15:-118 17:-172 19:-110 22:88
server_connection 0:96
server_error 0:299 7:82
server_port 16:103
server_running 0:118
server_socket 8:99
service 0:272 1:103 2:83 6:-96
service_exception 0:91
service_not 16:95
service_unavailable 0:306
serviceaccount 9:80
session 7:100 8:105
set 12:81 22:191
sftp 7:91
sftp_pull 7:93
shape 3:125 11:84
shape_and 3:136
share_lock 6:81
shared 3:82 18:134
shared_memory 3:85
shutdown 0:112
shutdown_terminating 0:101
shutting 19:123
shutting_down 19:123
sigkill 19:128
signal 19:207
signature 17:189
sigterm 19:300
sigterm_signal 22:80
since 0:133 17:171
size 3:177 5:199 7:-81 12:-93 15:-166 18:111 21:196
size_exceeds 21:103
size_overflow 5:97
skip 20:106
skip_relation 20:137
skip_total 20:106
slots 5:115
slots_are 5:115
slow 1:192
slow_down 1:192
socket_failed 8:99
soft 10:123
solve 0:107
solve_the 0:108
source 10:96 13:162 14:178 18:-82
source_has 13:214
source_parquet 15:89
source_row 14:127
space 4:463
space_left 4:362
specified 6:245 9:-82 10:174 13:87 17:-89
specified_bucket 10:114
specified_key 13:100
specified_timeout 13:100
specify 16:94
sql 0:112 8:-81 10:184 13:-86 16:186 17:191 18:-135 22:-80
sql_access 9:111
sql_compilation 10:108
sql_select 0:125
sql_transaction 16:150 17:84
ssl 0:201 16:119 18:129
ssl_certificate 16:104
ssl_error 8:102 18:168
stage 4:108 20:99
stage_orders 11:89
staging 10:90
stale 13:254
stale_freshness 13:152
start 0:-81 2:92 3:159 11:-92 15:108 17:-135 22:214
start_byte 15:92
starting 12:80
state 13:88 20:398 22:158
state_failed 20:356
state_terminated 3:110
state_this 22:153
statement 6:235 7:199 16:-97 18:82
statement_due 6:167
states 20:163
status 0:84 1:242 2:82 3:-88 4:207 7:-103 14:-108 15:-108 16:-122 18:-115
status_code 1:102
status_failed 17:91 21:105 22:90
step 19:87 20:128
still 6:152
stopped 10:-97 13:153
storage 2:-133 9:85 21:392 22:93
storage_quota 21:120
store 14:136
stream 10:106
streaming 10:109
string 11:250 12:98 15:146
string_float 15:87
subquery 14:172
subscriptable 22:110
success 12:91 20:219
success_false 12:103
such 10:144 11:85 13:261 15:-114 17:-80 18:109
such_field 11:167
such_file 10:159
such_key 13:100
sum 12:112
superuser 5:112 9:88
supplied 16:176 17:90
supported 17:148
sync 0:91 22:175
syntax 12:178 15:102 17:217
syntax_error 12:-90 17:321
syntax_for 12:184
system 9:207 12:83 15:-88 19:95
system_serviceaccount 9:96
table 6:258 8:-87 10:238 12:-83 13:261 16:-161 18:-107 19:-82
table_exceeded 2:82
table_orders 9:131
table_relation 10:127
table_row 13:151
tag 15:191
tar 4:158
target 11:109 13:125 14:112
target_columns 11:85
target_row 14:127
target_schema 11:110
task 0:-101 7:95 8:-175 10:82 12:-166 13:-187 14:-95 19:290 20:451 22:143
task_dag 18:88
task_failed 20:97
task_instance 19:91 20:109 22:89
task_raised 7:89
task_received 7:100
task_runner 19:96
task_state 20:125
task_timeout 7:187
tasks 5:102 13:-91 19:85 20:95
temp 4:221 21:114
temp_file 21:129
template 16:144 17:115
temporarily 6:201
temporarily_unavailable 6:203
temporary 0:115 21:116
temporary_file 21:129
terminated 3:164 19:224
terminated_signal 19:108
terminating 19:87
terminating_connection 0:96 7:95
terminating_instance 22:107
test 12:119 14:125
test_unique 12:-88 14:168
text 11:176 15:136
than 7:115 11:-102 12:192 14:122 15:109 17:-135
than_equal 12:174
than_one 14:185
that_host 0:84
the_above 0:95
the_conn 16:130
the_connection 17:131
the_database 6:116
the_external 20:155
the_following 16:99
the_group 19:99
the_namespace 9:96
the_node 4:210
the_problem 0:171
the_provided 8:90
the_put 1:105
the_query 17:83
the_request 0:89 6:89 8:120
the_server 0:213 1:150 16:-90
the_specified 10:214 13:135
the_task 22:154
the_user 21:119
there 6:174 13:187 17:116
there_are 0:97
these 12:97
this_can 22:179
this_error 5:113
this_instance 22:153
thread 3:224 17:-89 19:151
tier 11:127
time 0:-119 3:-82 7:461 10:-97 15:83
time_limit 7:286
time_out 7:115
time_zone 16:95
timed 7:296
timed_out 7:296
timeout 5:295 7:807 8:-87 12:-80 13:93 16:-98 17:-149 18:-82 19:-81
timeout_background 5:97
timeout_context 0:99
timeout_error 5:144 7:157
timeout_pid 7:149
timeout_sensor 13:107
timeout_timeout 7:200
times 17:139
timestamp 15:107
tip 11:147
tmp 15:128
token 8:506 16:101
token_expired 8:128
token_has 8:172
tokenizing 15:86
tokenizing_data 15:86
tolerance 12:115
too 0:-108 1:179 3:123 5:271 6:-107 7:-85 9:-100 12:-93 16:97
too_large 3:140 21:99
too_long 11:91
too_many 1:238 5:297
topic 0:82 9:86
total 2:129 11:85 12:159 13:-104 16:-82 17:137 19:-104 20:80
total_anon 3:101
transaction 6:370 10:-81 17:209
transaction_block 17:143
try 0:103 1:104 6:232
try_again 0:139 1:111
try_restarting 6:108
tuple 6:92
tuple_relation 6:97
type 0:-90 1:-126 3:139 11:358 12:100 13:-122 15:-149 16:-143 17:167 19:-124
type_character 11:110
type_charset 8:155
type_error 16:-100 17:367
type_ignore 18:83
type_insufficient 2:96
type_integer 11:118
type_object 22:107
types 17:90
unable 3:97 4:111 11:90 12:136 15:-111 16:107
unable_allocate 3:136
unable_find 11:89
unable_parse 12:195
unauthorized 8:379
unauthorized_for 8:140
unavailable 0:353 6:159
undefined 10:126 17:250
undefined_column 11:167
undefined_table 10:126
unexpected 11:-131 15:112 16:-149 17:312 18:164
unexpected_count 12:105 14:86
unexpected_end 15:125
unexpected_keyword 18:185
unexpected_list 14:91
unexpected_percent 14:89
unicode 15:118
unicode_decode 15:118
unique 11:-91 12:-245 14:729 16:-81
unique_constraint 14:231
unique_violation 14:103
unknown 0:121 10:184 12:95 16:-80 17:-80
unpack 15:113 17:118
unprocessable 12:80
unprocessable_entity 12:80
unrecognized 11:175 16:226 17:-101
unrecognized_name 11:199
unrecoverable 16:86
unrecoverable_error 16:97
unterminated 15:107 17:128
update 1:81 6:272 11:121 17:-99
update_command 14:102
update_table 12:93
updated 19:147
upgraded 18:299
upgraded_from 18:299
upload 8:100
upstream 20:258
upstream_failed 20:124
url 1:108 2:83 7:101 16:200
url_https 1:127 2:106 16:-122
url_scheme 16:101
usage 4:100 16:258 21:192
usage_exceeded 4:127
use 10:95 16:107 18:114
used 2:317 3:111 9:-84 17:96 21:194
used_limited 21:99
used_memory 3:90
user 0:-105 1:307 2:-107 8:101 9:155
user_drive 21:120
user_system 9:96
using 16:117
utc 4:97 13:122 22:-89
val 9:89
val_str 9:89
valid 16:109 17:148
validate 12:85 16:123
validation 11:106 12:110 14:186 17:-95
validation_error 11:129 12:101
validations 16:95
validator 16:94
value 3:-111 6:-146 7:-84 9:-130 11:174 12:567 13:120 14:152 19:-105 22:-94
value_error 11:168 12:84 13:93 14:177 15:150
value_for 12:122
value_not 17:85
value_out 12:145
value_set 12:81
value_too 11:110
values 11:88 12:274 13:-100 14:121 16:-89
values_set 12:99
variable 16:98
varying 11:106
verification 16:160
version 10:137 18:322
versions 18:126
violates 9:166 12:221
violates_check 12:84
violates_foreign 12:95
violation 12:145 14:184 17:-82
violation_insert 12:95
wait 6:91
waiting 5:91 13:96 20:96 22:146
waiting_for 13:113 20:107 22:94
warehouse 2:95 11:-105 16:404
warn 6:164 19:82 20:81
warn_error 20:111
warning 0:127 7:-83 18:-97 19:147 22:98
warning_failed 5:84 16:95
warning_node 19:142
warning_state 22:153
was_low 4:109
was_not 22:96
was_removed 11:80 18:148
was_running 19:155
was_terminated 19:110
was_the 18:92
when 6:130
when_calling 9:81
when_used 3:90
where 0:106 17:199
which 3:116 17:83
which_was 17:89
while 0:150 6:102 8:82 17:-136
while_parsing 16:174
while_reading 0:91
with_base 16:88
with_code 22:81
with_dbt 17:130 18:99
with_errors 22:196
with_exception 20:127
with_exit 22:143
with_message 10:99
with_name 6:94
with_return 19:82
with_shape 3:136
with_the 10:94 16:95
within 0:-81 7:202 22:122
within_the 7:123
without 12:97
worker 19:231 22:134
worker_exited 19:90
worker_lost 19:90
workers 5:152
write 4:178 9:250
wrong 16:130
xcom 17:108
year 9:186 11:99
yet 13:373 22:163
you_have 2:113
you_mean 11:155
you_might 3:80
you_provided 8:144
your 0:-118 1:126 2:282 7:110 17:-87
your_daily 1:-95 2:137
your_request 1:99
zero 17:203
zero_division 17:122
zip 10:110
zombie 19:116
zombie_job 19:116
zone 16:95"""
