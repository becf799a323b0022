/* SPDX-License-Identifier: MIT */
/* Reading an INF: models and decorations, strings, every directive, every refusal. */
#include "support.h"

#define CHANGE(part, expected)                                  \
    do {                                                        \
        struct inf_plan *p = read_inf(SERVICE part "\n");       \
        assert_string_equal(change_text(p, 4), expected);       \
        inf_free(p);                                            \
    } while (0)
#define REFUSED(text, at, part) assert_refused(text, line_of(text, at), part)

static void each_registry_type_is_stored_as_windows_stores_it(void **state)
{
    (void)state;
    CHANGE("HKLM,k,v,,text", "\\k|v|1|7400650078007400" "0000");
    CHANGE("HKLM,k,v,0x00000000,", "\\k|v|1|0000");
    CHANGE("HKLM,k,,,\"a,b\"", "\\k||1|61002c0062000000");
    CHANGE("HKLM,k,v,0x00020000,%%x%%", "\\k|v|2|2500780025000000");
    CHANGE("HKLM,k,v,0x00010000,a,b", "\\k|v|7|61000000620000000000");
    CHANGE("HKLM,k,v,0x00010000", "\\k|v|7|0000");
    CHANGE("HKLM,k,v,0x00000001,1,0xfF,\\\n a0", "\\k|v|3|01ffa0");
    CHANGE("HKLM,k,v,0x00000001", "\\k|v|3|");
    CHANGE("HKLM,k,v,0x00010001,4294967295", "\\k|v|4|ffffffff");
    CHANGE("HKLM,k,v,0x00010001,-2", "\\k|v|4|feffffff");
    CHANGE("HKLM,k,v,0x00010001,01,02,03,04", "\\k|v|4|01020304");
    CHANGE("HKLM,k,v,0x000B0001,0x100000002", "\\k|v|b|0200000001000000");
    CHANGE("HKLM,k,v,0x00020001,01", "\\k|v|0|01");
    CHANGE("HKLM,k,v,0x00030003,01", "\\k|v|3|01");
    CHANGE("HKLM,k,v,0x00080001,01", "\\k|v|8|01");
    CHANGE("HKR,Parameters,v,0x00010001,1", "\\SYSTEM\\CurrentControlSet\\Services\\s\\Parameters|v|4|01000000");
    CHANGE("HKR,,v,0x00010001,1", "\\SYSTEM\\CurrentControlSet\\Services\\s|v|4|01000000");
    CHANGE("HKCR,.x,v,0x00010001,1", "\\SOFTWARE\\Classes\\.x|v|4|01000000");
    CHANGE("HKLM,Software\\x,v,0x00014001,1", "\\SOFTWARE\\WOW6432Node\\x|v|4|01000000");
    CHANGE("HKLM,Software\\x,v,0x00011001,1", "\\Software\\x|v|4|01000000");
    CHANGE("HKU,.DEFAULT\\\\,v,,%12%\\a", "HKEY_USERS\\.DEFAULT|v|1|43003a005c00570069006e0064006f00770073005c005300790073007400"
           "65006d00330032005c0064007200690076006500720073005c0061000000");
}

static void modifiers_of_a_line_choose_the_action(void **state)
{
    static const struct { const char *line; enum inf_action action; bool no_clobber, overwrite, append; } rows[] = {
        {"HKLM,k,v,0x2,a", INF_SET_VALUE, true, false, false},
        {"HKLM,k,v,0x20,a", INF_SET_VALUE, false, true, false},
        {"HKLM,k,v,0x00010008,a", INF_SET_VALUE, false, false, true},
        {"HKLM,k,v,0x10,a", INF_MAKE_KEY, false, false, false},
        {"HKLM,k", INF_MAKE_KEY, false, false, false},
        {"HKLM,k,v,0x2000", INF_MAKE_KEY, false, false, false},
        {"HKLM,k,v,0x4", INF_DELETE_VALUE, false, false, false},
        {"HKLM,k,,0x4", INF_DELETE_VALUE, false, false, false},
        {"HKLM,k,v,0x8000", INF_DELETE_VALUE, false, false, false},
        {"HKLM,k,v,0x00018002,a", INF_REMOVE_STRING, false, false, false},
        {"HKLM,k,,0xA000", INF_DELETE_KEY, false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s\n", SERVICE, rows[i].line);
        struct inf_plan *p = read_inf(text);
        const struct inf_change *c = &p->changes.item[4];
        assert_int_equal(c->action, rows[i].action);
        assert_int_equal(c->no_clobber, rows[i].no_clobber);
        assert_int_equal(c->overwrite_only, rows[i].overwrite);
        assert_int_equal(c->append, rows[i].append);
        assert_int_equal(c->line, line_of(text, rows[i].line));
        inf_free(p);
    }
}

static void delreg_deletes_values_strings_and_keys(void **state)
{
    (void)state;
    struct inf_plan *p = read_inf(DEVICE "[I]\nDelReg=D,,D2\n[D]\nHKLM,k,v\nHKLM,k\nHKLM,k,v,0x00018002,x\n[D2]\nHKLM,k,w,0x2000\n");
    assert_int_equal(p->changes.item[0].action, INF_DELETE_VALUE);
    assert_int_equal(p->changes.item[1].action, INF_DELETE_KEY);
    assert_int_equal(p->changes.item[2].action, INF_REMOVE_STRING);
    assert_string_equal(change_text(p, 2), "\\k|v|1|78000000");
    assert_int_equal(p->changes.item[3].action, INF_DELETE_KEY);
    inf_free(p);
}

static void a_service_is_what_the_service_manager_writes(void **state)
{
    (void)state;
    struct inf_plan *p = read_inf(DEVICE
        "[I.NT]\n[I.NT.Services]\nAddService=s,0x2,S\nDelService=old,0x200\n[S]\nDisplayName=\"n\"\nDescription=\"d\"\n"
        "ServiceType=1\nStartType=3\nErrorControl=1\nServiceBinary=%12%\\s.sys\nLoadOrderGroup=\"G\"\n"
        "Dependencies=a,+b,c\nStartName=\\Driver\\s\nSecurity=\"D:P(A;;GA;;;BA)\"\n");
    const char *const expected[] = {
        "Type|4|01000000", "Start|4|03000000", "ErrorControl|4|01000000", "ImagePath|2|", "DisplayName|1|6e000000",
        "Group|1|47000000", "Description|1|64000000", "ObjectName|1|", "DependOnService|7|61000000630000000000",
        "DependOnGroup|7|620000000000", "Security|3|0100049"};
    for (size_t i = 0; i < 10; i++)
        assert_non_null(strstr(change_text(p, i), expected[i]));
    assert_string_equal(p->changes.item[10].name, "Security");
    assert_string_equal(p->services.item[0].image_path, "\\SystemRoot\\System32\\drivers\\s.sys");
    assert_true(p->services.item[0].associated);
    assert_string_equal(p->deleted_services.item[0].name, "old");
    assert_int_equal(p->changes.item[p->changes.count - 1].action, INF_DELETE_KEY);
    assert_string_equal(p->install_section, "I.NT");
    inf_free(p);
    p = read_inf(SERVICE);
    assert_string_equal(p->services.item[0].image_path, "System32\\drivers\\s.sys"); /* boot start */
    inf_free(p);
    p = read_inf(DEVICE "[I]\n[I.Services]\nAddService=s,0x7A,S\n[S]\nServiceType=1\nStartType=0\nErrorControl=0\n"
                        "ServiceBinary=%12%\\s.sys\nDisplayName=n\nLoadOrderGroup=g\nDependencies=a\n");
    assert_false(p->changes.item[0].no_clobber); /* Type */
    assert_true(p->changes.item[1].no_clobber);  /* Start 0x10 */
    assert_true(p->changes.item[2].no_clobber);  /* ErrorControl 0x20 */
    assert_true(p->changes.item[4].no_clobber);  /* DisplayName 0x8 */
    assert_true(p->changes.item[5].no_clobber);  /* Group 0x40 */
    assert_false(p->changes.item[6].no_clobber); /* DependOnService 0x80 */
    inf_free(p);
}

#define MODELS(decorations) VERSION "[Manufacturer]\nm=M" decorations "\n[M]\nplain=I,H\n[M.NT]\nnt=I,H\n[M.NTx86]\nx86=I,H\n" \
    "[M.NTx86.5.1]\nx86xp=I,H\n[M.NTamd64]\namd64=I,H\n[M.NTia64]\nia64=I,H\n[M.NTamd64.6.1]\nwin7=I,H\n[M.NTamd64.10.0]\nwin10=I,H\n" \
    "[M.NTamd64.6.1.3]\nserver=I,H\n[M.NTamd64.10.0...17763]\nrs5=I,H\n[M.NT.6.0]\nvista=I,H\n[I]\n"
#define EVERY ",NT,NTx86,NTx86.5.1,NTamd64,NTia64,NTamd64.6.1,NTamd64.10.0,NTamd64.6.1.3,NTamd64.10.0...17763,NT.6.0"

static void chosen(const char *text, const char *version, enum inf_architecture architecture, enum inf_product product,
                   const char *expected)
{
    struct inf_target target = inf_default_target;

    assert_true(inf_parse_version(version, &target));
    target.architecture = architecture;
    target.product = product;
    struct inf_plan *p = read_for(text, &target);
    assert_string_equal(p->model->description, expected);
    inf_free(p);
}

static void decorations_choose_the_closest_models(void **state)
{
    (void)state;
    chosen(MODELS(EVERY), "5.0", INF_X86, INF_SERVER, "plain");
    chosen(MODELS(EVERY), "5.1", INF_X86, INF_WORKSTATION, "x86xp");
    chosen(MODELS(EVERY), "5.2", INF_X86, INF_SERVER, "x86xp");
    chosen(MODELS(",NT,NTx86"), "5.2", INF_X86, INF_SERVER, "x86");
    chosen(MODELS(",NT"), "5.1", INF_X86, INF_SERVER, "nt");
    chosen(MODELS(""), "6.1", INF_X86, INF_SERVER, "plain");
    chosen(MODELS(EVERY), "6.0", INF_X86, INF_SERVER, "vista");
    chosen(MODELS(EVERY), "5.2", INF_IA64, INF_SERVER, "ia64");
    chosen(MODELS(EVERY), "6.1", INF_IA64, INF_SERVER, "ia64");
    chosen(MODELS(EVERY), "5.2", INF_AMD64, INF_SERVER, "amd64");
    chosen(MODELS(EVERY), "6.0", INF_AMD64, INF_SERVER, "amd64");
    chosen(MODELS(EVERY), "6.1", INF_AMD64, INF_SERVER, "server");
    chosen(MODELS(EVERY), "6.1", INF_AMD64, INF_WORKSTATION, "win7");
    chosen(MODELS(EVERY), "10.0.17762", INF_AMD64, INF_SERVER, "win10");
    chosen(MODELS(EVERY), "10.0.17763", INF_AMD64, INF_SERVER, "rs5");
    chosen(MODELS(",ntAMD64.6.1"), "6.1", INF_AMD64, INF_SERVER, "win7");
}

static void other_processors_need_their_decoration_from_server_2003_on(void **state)
{
    struct inf_target target = inf_default_target;
    struct text_error error;
    (void)state;
    REFUSED(MODELS(",NT,NTx86"), "[Manufacturer]", "no models for Windows 10.0 amd64; decorations offered: NT, NTx86");
    inf_parse_version("5.1", &target);
    chosen(MODELS(",NT"), "5.1", INF_AMD64, INF_SERVER, "nt");
    target.architecture = INF_IA64;
    inf_parse_version("6.1", &target);
    assert_null(inf_read("f.inf", MODELS(",NT.6.0"), strlen(MODELS(",NT.6.0")), &target, &error));
}

static void a_model_is_chosen_by_number_or_hardware_id(void **state)
{
    static const char text[] = VERSION "[Manufacturer]\na=A,NTamd64\nb=B,NTamd64\n[A.NTamd64]\none=I,R\\1\n[B.NTamd64]\ntwo=J,R\\2\n[I]\n[J]\n";
    struct inf_target target = inf_default_target;
    struct text_error error;
    (void)state;
    target.model = "2";
    struct inf_plan *p = read_for(text, &target);
    assert_string_equal(p->model->description, "two");
    assert_int_equal(p->notes.count, 0);
    inf_free(p);
    target.model = "r\\1";
    p = read_for(text, &target);
    assert_string_equal(p->model->section, "I");
    inf_free(p);
    target.model = NULL;
    p = read_for(text, &target);
    assert_string_equal(p->model->description, "one");
    assert_non_null(strstr(p->notes.item[0].text, "2 models"));
    inf_free(p);
    target.model = "3";
    assert_null(inf_read("f.inf", text, strlen(text), &target, &error));
    assert_non_null(strstr(error.message, "no model '3' among the 2"));
}

static void install_sections_are_decorated_too(void **state)
{
    (void)state;
    struct inf_plan *p = read_inf(DEVICE "[I]\n[I.NT]\n[I.NTx86]\n[I.NTamd64]\nFeatureScore=FE\n");
    assert_string_equal(p->install_section, "I.NTamd64");
    assert_string_equal(p->feature_score, "FE");
    inf_free(p);
    p = read_inf(DEVICE "[I]\n[I.NT]\n[I.NTx86]\n");
    assert_string_equal(p->install_section, "I.NT");
    inf_free(p);
}

static void strings_of_the_language_come_first(void **state)
{
    static const char text[] = VERSION "Provider=%P%\nCatalogFile=%Q%\n[Manufacturer]\n%Q%=M,NTamd64\n[M.NTamd64]\n%D%=I,H\n[I]\n"
        "[Strings]\nP=neutral\nQ=\"base, \"\"q\"\"\"\nD=d\n[Strings.0409]\nP=\"US\"\n[Strings.0007]\nP=German\n";
    struct inf_target target = inf_default_target;
    (void)state;
    struct inf_plan *p = read_for(text, &target);
    assert_string_equal(p->provider, "US");
    assert_string_equal(p->catalog, "base, \"q\"");
    assert_string_equal(p->model->description, "d");
    inf_free(p);
    target.language = 0x0407;
    p = read_for(text, &target);
    assert_string_equal(p->provider, "German");
    inf_free(p);
    target.language = 0x040C;
    p = read_for(text, &target);
    assert_string_equal(p->provider, "neutral");
    inf_free(p);
}

static void files_have_source_and_destination(void **state)
{
    (void)state;
    struct inf_plan *p = read_inf(DEVICE "[I]\nCopyFiles=@a.sys,L\nDelFiles=L2\nRenFiles=L2\n[L]\nb.sys,x.sys,,0x100\nz.sys\n[L2]\nold.sys\n"
        "[DestinationDirs]\nDefaultDestDir=12\nL=11,sub\n[SourceDisksNames]\n1=d,,,\\top\n[SourceDisksFiles]\nx.sys=1\n"
        "[SourceDisksFiles.amd64]\na.sys=1,amd64\n");
    assert_int_equal(p->files.count, 5);
    assert_string_equal(p->files.item[0].source, "top/amd64/a.sys");
    assert_string_equal(p->files.item[0].directory, "C:\\Windows\\System32\\drivers");
    assert_string_equal(p->files.item[1].source, "top/x.sys");
    assert_string_equal(p->files.item[1].name, "b.sys");
    assert_string_equal(p->files.item[1].directory, "C:\\Windows\\System32\\sub");
    assert_null(p->files.item[2].source);
    assert_non_null(strstr(p->notes.item[0].text, "z.sys is copied but not in [SourceDisksFiles]"));
    assert_false(p->files.item[3].copied);
    inf_free(p);
}

static void what_is_not_done_is_noted(void **state)
{
    static const char *const expected[] = {"Include = layout.inf is not read", "RegisterDlls is not done",
                                           "[I.CoInstallers] is not done"};
    (void)state;
    struct inf_plan *p = read_inf(DEVICE "[I]\nNeeds=N,Other\nInclude=layout.inf\nRegisterDlls=x\n[N]\nAddReg=R\n[R]\nHKR,,v,,x\n[I.CoInstallers]\nAddReg=R\n");
    assert_non_null(strstr(p->notes.item[0].text, "Needs = Other: not in this file"));
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(p->notes.item[i + 1].text, expected[i]));
    assert_true(p->changes.item[0].software);
    assert_string_equal(p->changes.item[0].key, "");
    inf_free(p);
}

static void wmi_classes_are_secured(void **state)
{
    (void)state;
    struct inf_plan *p = read_inf(DEVICE "[I]\n[I.Wmi]\nWMIInterface={C944053C-C90F-4012-B775-1F1A261D4BE4},,W\n[W]\nSecurity=\"O:BAG:BAD:P(A;;GA;;;SY)\"\n");
    assert_int_equal(p->secured.count, 1);
    assert_string_equal(p->secured.item[0].guid, "c944053c-c90f-4012-b775-1f1a261d4be4");
    assert_true(p->changes.item[0].no_clobber);
    assert_int_equal(p->changes.item[0].type, 3);
    inf_free(p);
}

static void pragmas_are_kept_with_their_lines(void **state)
{
    (void)state;
    struct inf_plan *p = read_inf(";hct-family one: \"A\"\r\n; other\r\n" DEVICE "[I] ; \n  ;hct-family two: \"B\"");
    assert_int_equal(p->pragmas.count, 2);
    assert_string_equal(p->pragmas.item[0].text, "family one: \"A\"");
    assert_int_equal(p->pragmas.item[0].line, 1);
    assert_string_equal(p->pragmas.item[1].text, "family two: \"B\"");
    inf_free(p);
}

static void utf16_reads_as_the_same_plan(void **state)
{
    static const char text[] = SERVICE "HKLM,k,v,,\"x\"\n";
    char wide[2 * sizeof text + 2];
    struct text_error error;
    size_t n = 0;
    (void)state;
    wide[n++] = (char)0xFF;
    wide[n++] = (char)0xFE;
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        wide[n++] = text[i];
        wide[n++] = 0;
    }
    struct inf_plan *p = inf_read("f.inf", wide, n, &inf_default_target, &error);
    assert_non_null(p);
    assert_string_equal(change_text(p, 4), "\\k|v|1|78000000");
    inf_free(p);
}

static void default_sections_serve_without_models(void **state)
{
    struct inf_target target = inf_default_target;
    (void)state;
    struct inf_plan *p = read_inf(VERSION "[DefaultInstall.NTamd64]\nAddReg=R\n[R]\nHKLM,k,v,,x\n[DefaultUninstall]\nDelReg=R\n");
    assert_string_equal(p->install_section, "DefaultInstall.NTamd64");
    assert_null(p->model);
    inf_free(p);
    target.uninstall = true;
    p = read_for(VERSION "[DefaultUninstall]\nDelReg=R\n[DefaultUninstall.Services]\nDelService=s\n[R]\nHKLM,k,v\n", &target);
    assert_int_equal(p->changes.count, 2);
    assert_int_equal(p->deleted_services.count, 1);
    inf_free(p);
}

static void every_refusal_names_its_line(void **state)
{
    (void)state;
    REFUSED("[Strings]\nx=y\n", "[Strings]", "no [Version] section");
    REFUSED("[Version]\nSignature=\"$OTHER$\"\n", "Sig", "Signature is '$OTHER$'");
    REFUSED("[Version]\nSignature=\"$CHICAGO$\"\nDriverVer=2026-11-22,1\n", "DriverVer", "mm/dd/yyyy");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,,%gone%\n", "HKLM", "string token %gone% is not defined");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,,%99%\n", "HKLM", "directory id %99%");
    REFUSED(DEVICE "[I]\nAddReg=Gone\n", "AddReg", "AddReg names section [Gone]");
    REFUSED(DEVICE "[I]\nDelReg=Gone\n", "DelReg", "DelReg names section [Gone]");
    REFUSED(DEVICE "[I]\nBitReg=B\n", "BitReg", "BitReg is not supported");
    REFUSED(DEVICE "[I]\nCopyFiles=Gone\n", "CopyFiles", "[Gone]");
    REFUSED(DEVICE "[I]\nCopyFiles=@a\n[DestinationDirs]\nDefaultDestDir=77\n", "DefaultDestDir", "directory id '77'");
    REFUSED(DEVICE "[I]\nNeeds=I\n", "Needs", "perhaps in a circle");
    REFUSED(DEVICE "[I]\nstray\n", "stray", "'=' is missing");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKQM,k,v,,x\n", "HKQM", "no registry root");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,junk,x\n", "HKLM", "the flags field is 'junk'");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,0x40,x\n", "HKLM", "bits 0x40 are not known");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,0x00070000,x\n", "HKLM", "value type 0x00070000");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,8,x\n", "HKLM", "append flag 0x8 is for multi-strings");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,,x,y\n", "HKLM", "2 fields of data for one string");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,1,100\n", "HKLM", "'100' is no byte");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,1,1,,2\n", "HKLM", "'' is no byte");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,0x10001,4294967296\n", "HKLM", "the number is '4294967296'");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,v,0x10001,1,2\n", "HKLM", "2 fields of data for a number of 4 bytes");
    REFUSED(DEVICE "[I]\nDelReg=R\n[R]\nHKLM,k,v,0x18002\n", "HKLM", "no string to delete");
    REFUSED(DEVICE "[I]\nAddReg=R\n[R]\nk=HKLM,k\n", "k=HKLM", "put '=' in quotes");
    REFUSED(VERSION "[DefaultInstall]\nAddReg=R\n[R]\nHKR,,v,,x\n", "HKR", "HKR names nothing here");
    REFUSED(VERSION "[Manufacturer]\nm=M,NTamd65\n[M]\n", "m=M", "'NTamd65' is no operating-system decoration");
    REFUSED(VERSION "[Manufacturer]\nm=M,NTamd64.1.2.3.4.5.6\n", "m=M", "is no operating-system decoration");
    REFUSED(VERSION "[Manufacturer]\nm=M,NTamd64\n", "m=M", "[M.NTamd64], which is not in the file");
    REFUSED(VERSION "[Manufacturer]\nm=M,NTamd64\n[M.NTamd64]\nd=Gone,H\n", "d=Gone", "install section [Gone] is not in the file");
    REFUSED(VERSION "[Manufacturer]\nm=M,NTamd64\n[M.NTamd64]\nd=,H\n", "d=,H", "no install section");
    REFUSED(VERSION "[Strings]\nword\n", "word", "a string is written as");
    REFUSED(DEVICE "[I]\n[I.Services]\nAddService=s,2,Gone\n", "AddService", "[Gone]");
    REFUSED(DEVICE "[I]\n[I.Services]\nAddService=a\\b,2,S\n[S]\n", "AddService", "no service name");
    REFUSED(DEVICE "[I]\n[I.Services]\nAddService=s,0x2000,S\n[S]\n", "AddService", "bits 0x2000 are not known");
    REFUSED(DEVICE "[I]\n[I.Services]\nAddService=s\n", "AddService", "names no service section");
    REFUSED(DEVICE "[I]\n[I.Services]\nDelService=\n", "DelService", "names no service");
    REFUSED(DEVICE "[I]\n[I.Services]\nAddService=s,,S\n[S]\nStartType=0\n", "[S]", "has no ServiceType");
    REFUSED(DEVICE "[I]\n[I.Services]\nAddService=s,,S\n[S]\nServiceType=1\nStartType=5\n", "StartType", "StartType is '5'");
    REFUSED(DEVICE "[I]\n[I.Services]\nAddService=s,,S\n[S]\nServiceType=1\nStartType=0\nErrorControl=4\n", "ErrorControl", "'4'");
    REFUSED(DEVICE "[I]\n[I.Services]\nAddService=s,,S\n[S]\nServiceType=1\nStartType=0\nErrorControl=0\n", "[S]", "no ServiceBinary");
    REFUSED(SERVICE "\n[I.Services]\nAddService=t,2,S\n", "AddService=t", "second associated service");
    REFUSED(DEVICE "[I]\n[I.Wmi]\nWMIInterface={x},,W\n[W]\n", "WMIInterface", "'{x}' is no GUID");
    REFUSED(DEVICE "[I]\n[I.Wmi]\nWMIInterface={c944053c-c90f-4012-b775-1f1a261d4be4},,W\n[W]\n", "[W]", "no Security");
    REFUSED(DEVICE "[I]\n[I.Wmi]\nWMIInterface={c944053c-c90f-4012-b775-1f1a261d4be4},,W\n[W]\nSecurity=D:(X)\n", "WMIInterface",
            "an entry's type is A, D or AU");
}

static void limits_hold_at_the_limit_and_one_past_it(void **state)
{
    struct buffer text = {0};
    struct text_error error;
    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) { /* services of one file */
        buffer_clear(&text);
        buffer_append_text(&text, DEVICE "[S]\nServiceType=1\nStartType=0\nErrorControl=0\nServiceBinary=%12%\\s\n[I]\n[I.Services]\n");
        for (unsigned i = 0; i < INF_MAX_SERVICES + extra; i++)
            buffer_printf(&text, "AddService=s%u,,S\n", i);
        struct inf_plan *p = inf_read("f.inf", text.data, text.length, &inf_default_target, &error);
        assert_int_equal(p != NULL, extra == 0);
        inf_free(p);
    }
    assert_non_null(strstr(error.message, "more than 64 services"));
    for (unsigned extra = 0; extra < 2; extra++) { /* Needs, one deeper each */
        buffer_clear(&text);
        buffer_append_text(&text, DEVICE "[I]\nNeeds=N1\n");
        for (unsigned i = 1; i < INF_MAX_NEEDS + extra; i++)
            buffer_printf(&text, "[N%u]\nNeeds=N%u\n", i, i + 1);
        buffer_printf(&text, "[N%u]\n", INF_MAX_NEEDS + extra);
        struct inf_plan *p = inf_read("f.inf", text.data, text.length, &inf_default_target, &error);
        assert_int_equal(p != NULL, extra == 0);
        inf_free(p);
    }
    for (unsigned extra = 0; extra < 2; extra++) { /* registry changes */
        buffer_clear(&text);
        buffer_append_text(&text, DEVICE "[I]\nAddReg=R\n[R]\n");
        for (unsigned i = 0; i < INF_MAX_CHANGES + extra; i++)
            buffer_append_text(&text, "HKLM,k,v\n");
        struct inf_plan *p = inf_read("f.inf", text.data, text.length, &inf_default_target, &error);
        assert_int_equal(p != NULL, extra == 0);
        inf_free(p);
    }
    for (unsigned extra = 0; extra < 2; extra++) { /* sections read through directives: the model's is one of them */
        buffer_clear(&text);
        buffer_append_text(&text, DEVICE "[R]\n[I]\n");
        for (unsigned i = 0; i < INF_MAX_SECTIONS - 1 + extra; i++)
            buffer_append_text(&text, "AddReg=R\n");
        struct inf_plan *p = inf_read("f.inf", text.data, text.length, &inf_default_target, &error);
        assert_int_equal(p != NULL, extra == 0);
        inf_free(p);
    }
    assert_non_null(strstr(error.message, "more than 4096 sections"));
    for (unsigned extra = 0; extra < 2; extra++) { /* one value, grown by tokens */
        buffer_clear(&text);
        buffer_append_text(&text, DEVICE "[I]\nAddReg=R\n[R]\nHKLM,k,");
        for (unsigned i = 0; i < 32; i++)
            buffer_append_text(&text, "%t%");
        buffer_printf(&text, "%s\n[Strings]\nt=", extra ? "x" : "");
        for (unsigned i = 0; i < INF_MAX_TEXT / 32; i++)
            buffer_append_byte(&text, 'y');
        struct inf_plan *p = inf_read("f.inf", text.data, text.length, &inf_default_target, &error);
        assert_int_equal(p != NULL, extra == 0);
        inf_free(p);
    }
    assert_non_null(strstr(error.message, "more than 65536 bytes"));
    buffer_free(&text);
}

static void versions_are_written_with_dots(void **state)
{
    static const char *const bad[] = {"", "10", "10.", "10.0.", "10.0.1.2", "ten.0", "10.-1", "4.0", "10.99999999"};
    struct inf_target t;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(inf_parse_version(bad[i], &t));
    assert_true(inf_parse_version("10.0.17763", &t));
    assert_int_equal(t.build, 17763);
    assert_true(inf_parse_version("5.0", &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_registry_type_is_stored_as_windows_stores_it),
        cmocka_unit_test(modifiers_of_a_line_choose_the_action),
        cmocka_unit_test(delreg_deletes_values_strings_and_keys),
        cmocka_unit_test(a_service_is_what_the_service_manager_writes),
        cmocka_unit_test(decorations_choose_the_closest_models),
        cmocka_unit_test(other_processors_need_their_decoration_from_server_2003_on),
        cmocka_unit_test(a_model_is_chosen_by_number_or_hardware_id),
        cmocka_unit_test(install_sections_are_decorated_too),
        cmocka_unit_test(strings_of_the_language_come_first),
        cmocka_unit_test(files_have_source_and_destination),
        cmocka_unit_test(what_is_not_done_is_noted),
        cmocka_unit_test(wmi_classes_are_secured),
        cmocka_unit_test(pragmas_are_kept_with_their_lines),
        cmocka_unit_test(utf16_reads_as_the_same_plan),
        cmocka_unit_test(default_sections_serve_without_models),
        cmocka_unit_test(every_refusal_names_its_line),
        cmocka_unit_test(limits_hold_at_the_limit_and_one_past_it),
        cmocka_unit_test(versions_are_written_with_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
