# sanjeh-verify: public keys alone, so neither libpq nor the server's modules are linked.
add_executable(sanjeh-verify ${PROJECT_SOURCE_DIR}/server/main_verify.c ${PROJECT_SOURCE_DIR}/server/verify_card.c
  ${PROJECT_SOURCE_DIR}/server/verify_fetch.c ${PROJECT_SOURCE_DIR}/server/verify_show.c ${PROJECT_SOURCE_DIR}/server/verify_proof.c
  ${PROJECT_SOURCE_DIR}/server/verify_witness.c)
target_link_libraries(sanjeh-verify PRIVATE sj_audit_pure sj_card_pure sj_json sj_fetch)
