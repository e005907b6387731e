"""Which values are in columns of public tables, where they are few.

One address, then its tables: how many columns there are, how many rows lack something, and for each column its name
(or its place, where the file does not name it), how many rows have the rarest value (at least), and the values. A column
with more values has its dtype behind a colon.

Sources: the files themselves, at https://github.com/mwaskom/seaborn-data (`tools/public_values.py`). The table of cars
there is that of https://archive.ics.uci.edu/dataset/9/auto+mpg, where 1, 2 and 3 stand for USA, Europe and Japan. That
of hearts is at https://github.com/bpesquet/mlkatas (`_datasets/heart.csv`), without the two rows whose `thal` is 1 and 2,
which https://keras3.posit.co/articles/examples/structured_data/structured_data_classification_with_feature_space.html
filters out. Of the passengers https://www.tensorflow.org/tutorials/estimator/linear prints the vocabulary of each
column, and https://www.tensorflow.org/tutorials/load_data/csv lists the types.
"""

from __future__ import annotations

VALUES = """\
raw.githubusercontent.com/mwaskom/seaborn-data/master/
 anagrams.csv 5 ; 0 ; attnr|10|divided|focused
 anscombe.csv 3 ; 0 ; dataset|11|I|II|III|IV
 diamonds.csv 10 ; 0 ; cut|1610|Fair|Good|Ideal|Premium|Very Good ; color|2808|D|E|F|G|H|I|J ; clarity|741|I1|IF|SI1|SI2|VS1|VS2|VVS1|VVS2
 dots.csv 5 ; 0 ; align|394|dots|sacc ; choice|418|T1|T2
 flights.csv 3 ; 0 ; month|12|April|August|December|February|January|July|June|March|May|November|October|September
 fmri.csv 5 ; 0 ; event|532|cue|stim ; region|532|frontal|parietal
 geyser.csv 3 ; 0 ; kind|100|long|short
 glue.csv 5 ; 0 ; Encoder|32|LSTM|Transformer
 healthexp.csv 4 ; 0 ; Country|35|Canada|France|Germany|Great Britain|Japan|USA
 iris.csv 5 ; 0 ; species|50|setosa|versicolor|virginica
 mpg.csv 9 ; 6 ; origin|70|europe|japan|usa
 penguins.csv 7 ; 11 ; species|68|Adelie|Chinstrap|Gentoo ; island|52|Biscoe|Dream|Torgersen ; sex|165|FEMALE|MALE
 planets.csv 6 ; 537 ; method|1|Astrometry|Eclipse Timing Variations|Imaging|Microlensing|Orbital Brightness Modulation|Pulsar Timing|Pulsation Timing Variations|Radial Velocity|Transit|Transit Timing Variations
 taxis.csv 14 ; 92 ; color|982|green|yellow ; payment|1812|cash|credit card ; pickup_borough|99|Bronx|Brooklyn|Manhattan|Queens ; dropoff_borough|2|Bronx|Brooklyn|Manhattan|Queens|Staten Island
 tips.csv 7 ; 0 ; sex|87|Female|Male ; smoker|93|No|Yes ; day|19|Fri|Sat|Sun|Thur ; time|68|Dinner|Lunch
 titanic.csv 15 ; 709 ; sex|314|female|male ; embarked|77|C|Q|S ; class|184|First|Second|Third ; who|83|child|man|woman ; deck|4|A|B|C|D|E|F|G ; embark_town|77|Cherbourg|Queenstown|Southampton ; alive|342|no|yes
storage.googleapis.com/download.tensorflow.org/data/
 heart.csv 14 ; 0 ; age:int64 ; sex|97|0|1 ; cp|3|0|1|2|3|4 ; trestbps:int64 ; chol:int64 ; fbs|44|0|1 ; restecg|8|0|1|2 ; thalach:int64 ; exang|99|0|1 ; oldpeak:float64 ; slope|21|1|2|3 ; ca|20|0|1|2|3 ; thal|1|1|2|fixed|normal|reversible ; target|83|0|1
storage.googleapis.com/tf-datasets/titanic/
 train.csv 10 ; 0 ; survived:int64 ; sex|1|female|male ; age:float64 ; n_siblings_spouses:int64 ; parch:int64 ; fare:float64 ; class|1|First|Second|Third ; deck|1|A|B|C|D|E|F|G|unknown ; embark_town|1|Cherbourg|Queenstown|Southampton|unknown ; alone|1|n|y
archive.ics.uci.edu/ml/machine-learning-databases/auto-mpg/
 auto-mpg.data 9 ; 6 ; 7|70|1|2|3
"""
