# Spreadsheets, as openpyxl and XlsxWriter wrote them: every sheet, one that is chosen, wherever they lie.
x=$SRC/tests/golden/xlsx
cp "$x"/*.xlsx .
ift-format --from mmcu openpyxl.xlsx
ift-format -q --from mmcu openpyxl.xlsx | cksum >want
ift-format -q --from mmcu <openpyxl.xlsx | cksum | cmp - want
gzip -k openpyxl.xlsx && ift-format -q --from mmcu openpyxl.xlsx.gz | cksum | cmp - want
tar -cf all.tar openpyxl.xlsx && ift-format -q --from mmcu all.tar | cksum | cmp - want
mkdir d && mv openpyxl.xlsx d && ift-format -q --from mmcu --member 'open*' d | cksum | cmp - want
ift-format --from mmcu --member '外*' d/openpyxl.xlsx
ift-format --from mmcu --member none d/openpyxl.xlsx || echo "exit $?"
rows() { # READ FILE
    ift-format --keep-going --jq "# read: $1
{instruction: \"-\", output: tojson}" "$2" | sed 's/.*"output":"//'
}
rows 'csv header=yes' xlsxwriter.xlsx
rows 'tsv header=skip' xlsxwriter.xlsx
rows 'csv fields=a,b,c,d,e,f,g' xlsxwriter.xlsx
rows json inline.xlsx
rows 'json group=a' inline.xlsx || echo "exit $?"
head -c 3000 xlsxwriter.xlsx >cut.xlsx
rows csv cut.xlsx || echo "exit $?"
printf '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more' >old.xls
rows csv old.xls || echo "exit $?"
