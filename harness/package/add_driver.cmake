# chimneysweep_add_driver(NAME SOURCES FILE... [INCLUDES DIR...] [DEFINES WORD...])
#
#   NAME.so         the driver, as it would be shipped
#   NAME-asan.so    with AddressSanitizer and UBSan, for the sanitized rig     (these need clang)
#   NAME-fuzz.so    that, with the counters of libFuzzer;  NAME_fuzz runs the installed engine on it
#   NAME-afl.so     that, with the guards of AFL++;        NAME_afl does the same
#   CTest           NAME_conformance: all programs; NAME_replay: the shipped captures
#
# NAME_FORMS is set to the targets, for whatever else they need (target_compile_options, target_link_libraries).
set(chimneysweep_SANITIZE -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all)
set(chimneysweep_LIBFUZZER -fsanitize-coverage=inline-8bit-counters,pc-table)
set(chimneysweep_AFL -fsanitize-coverage=trace-pc-guard)

function(_chimneysweep_form target)
  cmake_parse_arguments(PARSE_ARGV 1 form "" "" "SOURCES;INCLUDES;DEFINES;COMPILE;LINK")
  add_library(${target} MODULE ${form_SOURCES})
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ".so")
  target_include_directories(${target} PRIVATE ${form_INCLUDES})
  target_compile_definitions(${target} PRIVATE ${form_DEFINES})
  target_compile_options(${target} PRIVATE -g ${form_COMPILE}) # verdicts name functions and lines
  target_link_options(${target} PRIVATE ${form_LINK})
  target_link_libraries(${target} PRIVATE chimneysweep::driver)
endfunction()

# A program that starts an engine on a driver, beside it.
function(_chimneysweep_engine engine target script)
  get_property(many GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  set(folder ${CMAKE_CURRENT_BINARY_DIR})
  if(many)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/$<CONFIG>)
  endif()
  set(corpus ${folder}/${script}_corpus)
  configure_file(${chimneysweep_DIR}/engine.sh.in ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${script}.sh @ONLY)
  file(GENERATE OUTPUT ${folder}/${script} INPUT ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${script}.sh
       FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endfunction()

function(chimneysweep_add_driver name)
  cmake_parse_arguments(PARSE_ARGV 1 driver "" "" "SOURCES;INCLUDES;DEFINES")
  if(driver_UNPARSED_ARGUMENTS OR NOT driver_SOURCES)
    message(FATAL_ERROR "chimneysweep_add_driver(NAME SOURCES FILE... [INCLUDES DIR...] [DEFINES WORD...]): "
                        "${name} has no SOURCES, or '${driver_UNPARSED_ARGUMENTS}' belongs to none of them")
  endif()
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT "C" IN_LIST languages)
    message(FATAL_ERROR "chimneysweep_add_driver: C is not enabled (project(... LANGUAGES C))")
  endif()
  set(given SOURCES ${driver_SOURCES} INCLUDES ${driver_INCLUDES} DEFINES ${driver_DEFINES})
  set(rig ${chimneysweep_PREFIX}/libexec/chimneysweep)
  set(forms ${name})
  _chimneysweep_form(${name} ${given})
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(STATUS "chimneysweep: ${name}: only ${name}.so and ${name}_conformance, since ${CMAKE_C_COMPILER_ID} "
                   "has no sanitizers or coverage that the rig's are of; clang gives all forms")
    add_test(NAME ${name}_conformance COMMAND ${rig}/release/bin/chimneysweep check-driver
                                              --corpora ${chimneysweep_DATA}/corpora $<TARGET_FILE:${name}>)
    set(${name}_FORMS ${forms} PARENT_SCOPE)
    return()
  endif()
  # Without a build type a compiler does not optimise, and engines get a fraction of the executions.
  set(sanitize ${chimneysweep_SANITIZE} $<$<CONFIG:>:-O2>)
  _chimneysweep_form(${name}-asan ${given} COMPILE ${sanitize} LINK ${chimneysweep_SANITIZE})
  _chimneysweep_form(${name}-fuzz ${given} COMPILE ${sanitize} ${chimneysweep_LIBFUZZER} LINK ${chimneysweep_SANITIZE})
  _chimneysweep_form(${name}-afl ${given} COMPILE ${sanitize} ${chimneysweep_AFL} LINK ${chimneysweep_SANITIZE})
  list(APPEND forms ${name}-asan ${name}-fuzz ${name}-afl)
  _chimneysweep_engine(chimneysweep-fuzz ${name}-fuzz ${name}_fuzz)
  _chimneysweep_engine(chimneysweep-afl ${name}-afl ${name}_afl)
  add_test(NAME ${name}_conformance COMMAND ${rig}/asan/bin/chimneysweep check-driver
                                            --corpora ${chimneysweep_DATA}/corpora $<TARGET_FILE:${name}-asan>)
  add_test(NAME ${name}_replay COMMAND ${rig}/asan/bin/chimneysweep replay --driver $<TARGET_FILE:${name}-asan>
                                       ${chimneysweep_DATA}/pcaps)
  set(${name}_FORMS ${forms} PARENT_SCOPE)
endfunction()
