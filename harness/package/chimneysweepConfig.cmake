# find_package(chimneysweep): the target chimneysweep::driver (what the interface needs of a compiler), the
# program chimneysweep::chimneysweep, and chimneysweep_add_driver(). Everything is found from this file's place.
cmake_policy(VERSION 3.20)
get_filename_component(chimneysweep_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(chimneysweep_DATA "${chimneysweep_PREFIX}/share/chimneysweep")

if(NOT TARGET chimneysweep::driver)
  add_library(chimneysweep::driver INTERFACE IMPORTED)
  set_target_properties(chimneysweep::driver PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${chimneysweep_PREFIX}/include/chimneysweep"
    INTERFACE_POSITION_INDEPENDENT_CODE ON
    INTERFACE_COMPILE_OPTIONS -fPIC
    # A driver's own functions are its own, whatever the rig calls its.
    INTERFACE_LINK_OPTIONS "-Wl,-Bsymbolic;-Wl,-z,lazy")
  add_executable(chimneysweep::chimneysweep IMPORTED)
  set_target_properties(chimneysweep::chimneysweep PROPERTIES
    IMPORTED_LOCATION "${chimneysweep_PREFIX}/libexec/chimneysweep/release/bin/chimneysweep")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/add_driver.cmake")
