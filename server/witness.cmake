# sanjeh-witness: run by others on other machines, so it links neither libpq nor the server's modules.
add_executable(sanjeh-witness ${PROJECT_SOURCE_DIR}/server/main_witness.c ${PROJECT_SOURCE_DIR}/server/witness_run.c
  ${PROJECT_SOURCE_DIR}/server/settings.c)
target_link_libraries(sanjeh-witness PRIVATE sj_witness sj_http sj_sandbox sj_audit_pure)
