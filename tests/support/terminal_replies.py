"""Input of terminals that is no key: replies to queries this program never sends, and reports of modes it never sets.

Most hold letters that would act on the dashboard.
"""

REPLIES = (
    # device attributes, status, parameters
    b"\x1b[?62;1;2;4;6;9;15;18;21;22c",
    b"\x1b[>41;354;0c",
    b"\x1b[>1;10;0c",
    b"\x1b[?13n",
    b"\x1b[2;1;1;120;120;1;0x",
    b"\x1b[?1;1;1R",
    # modes: DECRPM of others, also ANSI modes; kitty's flags; modifyOtherKeys
    b"\x1b[?2048;2$y",
    b"\x1b[?2004;1$y",
    b"\x1b[?2026;0$y",
    b"\x1b[4;2$y",
    b"\x1b[?25u",
    b"\x1b[>4;2m",
    # the window: size in cells and pixels, title, state; in-band resize
    b"\x1b[8;24;80t",
    b"\x1b[4;1200;1600t",
    b"\x1b[6;20;10t",
    b"\x1b[1t",
    b"\x1b[3;10;20t",
    b"\x1b]Lddd quit\x1b\\",
    b"\x1b]lddd quit\x1b\\",
    b"\x1b[48;3000;3000;0;0t",
    b"\x1b[48;24:0;80:0;480:0;640:0t",
    # colours, theme, clipboard, notifications, images
    b"\x1b]11;rgb:dddd/dddd/dddd\x1b\\",
    b"\x1b]10;rgb:0d0d/0d0d/0d0d\x07",
    b"\x1b]4;1;rgb:cdcd/0000/0000\x1b\\",
    b"\x1b[?997;1n",
    b"\x1b]52;c;ZGRkIHF1aXQ=\x07",
    b"\x1b]99;i=1:p=?;d\x1b\\",
    b"\x1b]1337;ReportCellSize=20.0;10.0;2.0\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
    # DCS: version, DECRQSS, XTGETTCAP, DA3; PM and SOS
    b"\x1bP>xterm(388) ddd\x1b\\",
    b"\x1bP1$r0;1dq\x1b\\",
    b"\x1bP1+r544e=787465726d\x1b\\",
    b"\x1bP!|7E7E4F4D\x1b\\",
    b"\x1bP0$r\x1b\\",
    b"\x1b^dq\x1b\\",
    b"\x1bXdq\x1b\\",
    # mouse reports without SGR, Sixel geometry, locator, unknown function keys
    b"\x1b[M !!",
    b"\x1b[M#dq",
    b"\x1b[32;10;10M",
    b"\x1b[?2;0;1600;1200S",
    b"\x1b[1;4;50;50;1&w",
    b"\x1b[100~",
    b"\x1b[99999;5~",
    # key reports out of range
    b"\x1b[1114112u",
    b"\x1b[97;1;9999999u",
    b"\x1b[55296u",
    b"\x1b[97;999u",
    # 8-bit control characters, raw and in UTF-8
    b"\x9b?62;4c",
    b"\x9d11;rgb:dddd/dddd/dddd\x9c",
    b"\x901$rddd\x9c",
    b"\xc2\x9b?62;4c",
    b"\xc2\x9d11;rgb:dd/dd/dd\xc2\x9c",
    b"\xc2\x9fGi=1;OK\xc2\x9c",
    b"\x84\x85",
    b"\x1b\\",
)
