# medpfl_module(name SOURCES a.cpp ... DEPENDS medpfl_x lib ...): one static target per folder of src/.
# DEPENDS states the direction of dependency: core -> comm, h5, metrics, privacy -> data, models ->
# defenses, attacks -> federation, results -> config -> jobs.
function(medpfl_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(medpfl_${name} STATIC ${ARG_SOURCES})
  target_include_directories(medpfl_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(medpfl_${name} PUBLIC ${ARG_DEPENDS} PRIVATE medpfl_flags)
endfunction()

add_library(medpfl_flags INTERFACE)
target_compile_options(medpfl_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                              $<$<BOOL:${MEDPFL_WERROR}>:-Werror>)
if(MEDPFL_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
