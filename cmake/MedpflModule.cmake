# medpfl_module(name DEPENDS medpfl_x lib ...): one static target per folder of src/, of all .cpp files
# in it and below. DEPENDS states the direction of dependency: core -> comm, h5, kernels, metrics,
# privacy -> data, models -> defenses, attacks -> federation -> campaign -> results -> config -> terminal, study ->
# sweep, benchmark -> jobs.
function(medpfl_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  add_library(medpfl_${name} STATIC ${sources})
  target_include_directories(medpfl_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(medpfl_${name} PUBLIC ${ARG_DEPENDS} PRIVATE medpfl_flags)
endfunction()

add_library(medpfl_flags INTERFACE)
target_compile_options(medpfl_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                              $<$<BOOL:${MEDPFL_WERROR}>:-Werror>)
if(CMAKE_CXX_STANDARD EQUAL 20 AND CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps in assignments to std::string that there are not (GCC bug 105651).
  target_compile_options(medpfl_flags INTERFACE -Wno-restrict)
endif()
if(MEDPFL_SANITIZE OR MEDPFL_FUZZ)
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(MEDPFL_FUZZ)
  # The fuzzers see which branches of the modules their bytes take, and end at undefined behavior.
  add_compile_options(-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined)
endif()
