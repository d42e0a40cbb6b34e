# SPDX-License-Identifier: GPL-3.0-or-later
# Headers of others that nearly every file includes, compiled once a preset: parsing them was two thirds of a build. Files
# still include what they use: the header sets are verified without this, and -DVITRINE_PCH=OFF builds without.
option(VITRINE_PCH "Compile the headers of the standard library, fmt and Qt once" ON)

# vitrine_pch(<kind> DEPS ... HEADERS ...): what vitrine_precompile(<target> <kind>) shares. A compiler takes what was compiled
# ahead only under the same options, so each kind has a target of its own, which nothing links.
function(vitrine_pch kind)
  cmake_parse_arguments(PCH "" "" "DEPS;HEADERS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/pch/${kind}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "// Gives the headers a target.\n")
  add_library(vitrine_pch_${kind} OBJECT EXCLUDE_FROM_ALL ${source})
  target_link_libraries(vitrine_pch_${kind} PRIVATE ${PCH_DEPS})
  target_precompile_headers(vitrine_pch_${kind} PRIVATE ${PCH_HEADERS})
  # Lets ccache see through (tests/tools/build).
  target_compile_options(vitrine_pch_${kind} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# vitrine_precompile(<target> <kind>)
function(vitrine_precompile target kind)
  if(VITRINE_PCH)
    target_precompile_headers(${target} REUSE_FROM vitrine_pch_${kind})
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  endif()
endfunction()

set(standard <algorithm> <array> <atomic> <bit> <charconv> <chrono> <compare> <condition_variable> <cstring> <deque> <filesystem>
  <fstream> <functional> <map> <memory> <mutex> <numeric> <optional> <random> <ranges> <set> <span> <sstream> <string> <thread>
  <unordered_map> <variant> <vector> <fmt/format.h> <tl/expected.hpp>)
# Qt Test tells its programs their folders by macros; the same for all of them is what lets them share.
get_target_property(definitions Qt6::Test INTERFACE_COMPILE_DEFINITIONS)
list(FILTER definitions EXCLUDE REGEX "^QT_TESTCASE_")
set_target_properties(Qt6::Test PROPERTIES INTERFACE_COMPILE_DEFINITIONS "${definitions}")

if(VITRINE_PCH)
  # Rooms without Qt; modules of nothing but QML; rooms with Qt Quick; programs of Qt Test.
  vitrine_pch(plain DEPS vitrine_options fmt::fmt tl::expected HEADERS ${standard})
  vitrine_pch(qml DEPS Qt6::Quick HEADERS <QtCore> <QtQml/qqmlprivate.h>)
  vitrine_pch(qt DEPS vitrine_options fmt::fmt tl::expected Qt6::Quick HEADERS ${standard} <QtCore> <QtQml> <QQuickItem>)
  # Not <QtTest>: what it holds depends on the other libraries of Qt that a program links.
  vitrine_pch(test DEPS vitrine_options fmt::fmt tl::expected Qt6::Test HEADERS ${standard} <QtCore> <QtTest/qtestcase.h>)
endif()
