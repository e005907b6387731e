"""What is in public files that many programs read by their address: the columns of tables, the classes of pictures.

One address, then its tables, each with the names of its columns, or with their number where the file does not name
them (`tools/public_tables.py`). Tables change, columns hardly ever: nothing is said of rows and values.

Sources: the files themselves, at https://github.com/jbrownlee/Datasets (commit d20fcb6) and
https://github.com/mwaskom/seaborn-data; for those of TensorFlow the first lines that its tutorials show
(https://www.tensorflow.org/tutorials/load_data/csv, /tutorials/structured_data/time_series,
/tutorials/structured_data/imbalanced_data, /tutorials/generative/autoencoder, /tutorials/customization). An archive
stands for the one table in it.
"""

from __future__ import annotations

TABLES = """\
raw.githubusercontent.com/jbrownlee/datasets/master/
 abalone.csv 9
 adult-test.csv 15
 adult-train.csv 15
 airline-passengers.csv Month|Passengers
 auto-insurance.csv 2
 auto_imports.csv 26
 banknote_authentication.csv 5
 breast-cancer-wisconsin.csv 10
 breast-cancer.csv 10
 daily-max-temperatures.csv Date|Temperature
 daily-min-temperatures.csv Date|Temp
 daily-total-female-births.csv Date|Births
 ecoli.csv 8
 german.csv 21
 glass.csv 10
 haberman.csv 4
 horse-colic.csv 28
 housing.csv 14
 ionosphere.csv 35
 iris.csv 5
 longley.csv 7
 mammography.csv 7
 monthly-airline-passengers.csv Month|Passengers
 monthly-car-sales.csv Month|Sales
 monthly-mean-temp.csv Month|Temperature
 monthly-robberies.csv Month|Robberies
 monthly-shampoo-sales.csv Month|Sales
 monthly-sunspots.csv Month|Sunspots
 monthly-writing-paper-sales.csv Month|Sales
 monthly_champagne_sales.csv Month|Sales
 new-thyroid.csv 6
 oil-spill.csv 50
 phoneme.csv 6
 pima-indians-diabetes.csv 9
 pima-indians-diabetes.data.csv 9
 pollution.csv No|year|month|day|hour|pm2.5|DEWP|TEMP|PRES|cbwd|Iws|Is|Ir
 shampoo.csv Month|Sales
 sonar.csv 61
 wheat-seeds.csv 8
 wine.csv 14
 winequality-red.csv 12
 winequality-white.csv 12
 yearly-water-usage.csv Year|Water
raw.githubusercontent.com/mwaskom/seaborn-data/master/
 anagrams.csv subidr|attnr|num1|num2|num3
 anscombe.csv dataset|x|y
 attention.csv 5
 brain_networks.csv 63
 car_crashes.csv total|speeding|alcohol|not_distracted|no_previous|ins_premium|ins_losses|abbrev
 diamonds.csv carat|cut|color|clarity|depth|table|price|x|y|z
 dots.csv align|choice|time|coherence|firing_rate
 dowjones.csv Date|Price
 exercise.csv 6
 flights.csv year|month|passengers
 fmri.csv subject|timepoint|event|region|signal
 geyser.csv duration|waiting|kind
 glue.csv Model|Year|Encoder|Task|Score
 healthexp.csv Year|Country|Spending_USD|Life_Expectancy
 iris.csv sepal_length|sepal_width|petal_length|petal_width|species
 mpg.csv mpg|cylinders|displacement|horsepower|weight|acceleration|model_year|origin|name
 penguins.csv species|island|bill_length_mm|bill_depth_mm|flipper_length_mm|body_mass_g|sex
 planets.csv method|number|orbital_period|mass|distance|year
 seaice.csv Date|Extent
 taxis.csv pickup|dropoff|passengers|distance|fare|tip|tolls|total|color|payment|pickup_zone|dropoff_zone|pickup_borough|dropoff_borough
 tips.csv total_bill|tip|sex|smoker|day|time|size
 titanic.csv survived|pclass|sex|age|sibsp|parch|fare|embarked|class|who|adult_male|deck|embark_town|alive|alone
storage.googleapis.com/tensorflow/tf-keras-datasets/
 jena_climate_2009_2016.csv.zip Date Time|p (mbar)|T (degC)|Tpot (K)|Tdew (degC)|rh (%)|VPmax (mbar)|VPact (mbar)|VPdef (mbar)|sh (g/kg)|H2OC (mmol/mol)|rho (g/m**3)|wv (m/s)|max. wv (m/s)|wd (deg)
storage.googleapis.com/tf-datasets/titanic/
 train.csv survived|sex|age|n_siblings_spouses|parch|fare|class|deck|embark_town|alone
 eval.csv survived|sex|age|n_siblings_spouses|parch|fare|class|deck|embark_town|alone
storage.googleapis.com/download.tensorflow.org/data/
 heart.csv age|sex|cp|trestbps|chol|fbs|restecg|thalach|exang|oldpeak|slope|ca|thal|target
 creditcard.csv Time|V1|V2|V3|V4|V5|V6|V7|V8|V9|V10|V11|V12|V13|V14|V15|V16|V17|V18|V19|V20|V21|V22|V23|V24|V25|V26|V27|V28|Amount|Class
 ecg.csv 141
 iris_training.csv 120|4|setosa|versicolor|virginica
 iris_test.csv 30|4|setosa|versicolor|virginica
"""

#: The classes of archives of pictures and texts, one folder for each, by the folder around those. Sources: the tutorials
#: https://www.tensorflow.org/tutorials/images/classification, /tutorials/images/transfer_learning and
#: /tutorials/load_data/text, which list the folders.
FOLDERS = """\
storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz
 flower_photos daisy|dandelion|roses|sunflowers|tulips
storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip
 train cats|dogs
 validation cats|dogs
storage.googleapis.com/download.tensorflow.org/data/stack_overflow_16k.tar.gz
 train csharp|java|javascript|python
 test csharp|java|javascript|python
"""
