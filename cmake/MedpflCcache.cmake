# Use ccache where it is installed and nobody chose another launcher.
find_program(MEDPFL_CCACHE ccache)
if(MEDPFL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${MEDPFL_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MEDPFL_CCACHE})
endif()
